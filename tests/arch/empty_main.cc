// A program that does nothing, into which libraries are linked whole: it links only when every call
// in them leads somewhere.
int main() { return 0; }
