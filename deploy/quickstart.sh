#!/bin/bash
# A demonstration community, from nothing to a reconversion, in a few minutes:
#
#   deploy/quickstart.sh [--once] [--port PORT] [--data DIR] [--no-install]
#
#   --once         stop server and witness at the end
#   --port PORT    where it listens on this machine (default: 4365; with --once any free port)
#   --data DIR     where all of it is kept (default: $KENGRED_HOME, else build/quickstart)
#   --no-install   install no packages
#
# It installs what is missing, builds the release, makes a ledger and the people of a small town, and
# plays the whole circle with the commands that everybody uses, showing each and its answer: euros come
# in, units are issued, a programme is funded, citizens are rewarded and pay shops, a shop turns units
# back into euros. Running it again starts afresh. Where KENGRED_BIN_DIR names a folder with the programs,
# nothing is installed or built.
#
# Exit status: 0 all went well, 1 something failed (the last lines say what), 2 wrong usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

once=0
port=
install=1
data="${KENGRED_HOME:-build/quickstart}"
while [[ $# -gt 0 ]]; do
  case "$1" in
    --once) once=1 ;;
    --no-install) install=0 ;;
    --port | --data)
      [[ $# -ge 2 ]] || { echo "quickstart: $1 needs a value" >&2; exit 2; }
      if [[ "$1" == --port ]]; then port="$2"; else data="$2"; fi
      shift
      ;;
    -h | --help)
      sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' deploy/quickstart.sh
      exit 0
      ;;
    *)
      echo "quickstart: there is no option $1; look at deploy/quickstart.sh --help" >&2
      exit 2
      ;;
  esac
  shift
done
if [[ -z $port ]]; then port=$((once ? 0 : 4365)); fi
[[ $port =~ ^[0-9]{1,5}$ && $port -le 65535 ]] || { echo "quickstart: $port is no port" >&2; exit 2; }

# ---- build ----

if [[ -n ${KENGRED_BIN_DIR:-} ]]; then
  programs="$(cd "$KENGRED_BIN_DIR" && pwd)"
else
  [[ $install -eq 0 ]] || deploy/install-packages.sh build run
  cmake/build-quietly.sh release
  programs="$PWD/build/release/bin"
fi
PATH="$programs:$PATH"

# ---- a fresh folder ----

fail() {
  echo "quickstart: $*" >&2
  exit 1
}

mark=kengred-quickstart
if [[ -e $data ]]; then
  [[ -f $data/$mark || -z "$(ls -A "$data")" ]] ||
    fail "$data holds something else. Choose another folder with --data."
  for name in server witness; do
    [[ -f $data/$name.pid ]] || continue
    old="$(cat "$data/$name.pid")"
    # Only one that this script has started, from this very folder.
    [[ "$(readlink "/proc/$old/exe" 2>/dev/null)" == */kengred-"$name"* &&
      "$(readlink "/proc/$old/cwd")" == "$(cd "$data" && pwd -P)" ]] || continue
    echo "Stopping the $name of the last run (process $old)."
    kill "$old"
    for _ in {1..150}; do
      [[ -d /proc/$old ]] || break
      sleep 0.1
    done
    [[ ! -d /proc/$old ]] || fail "process $old does not stop. End it, and run this again."
  done
  rm -rf "$data"
fi
mkdir -p "$data"
chmod 700 "$data"
data="$(cd "$data" && pwd -P)"
touch "$data/$mark"
cd "$data"

# Everybody's wallet is a profile of its own, all in this folder; real people have one each, at home.
export XDG_DATA_HOME="$data/wallets"
export LC_ALL=C.UTF-8
unset KENGRED_PROFILE KENGRED_LEDGER LANGUAGE

# ---- showing what is done ----

bold=
plain=
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m'
  plain=$'\e[0m'
fi

step=0
chapter() {
  step=$((step + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
  [[ $# -lt 2 ]] || printf '   %s\n' "${@:2}"
  echo
}

# Prints a command as one would type it; what stands after -- is for the shell, as it is.
show() {
  local word line='$' raw=0
  for word in "$@"; do
    if [[ $word == -- ]]; then
      raw=1
    elif [[ $raw -eq 1 || $word =~ ^[A-Za-z0-9@_./:=,+-]+$ ]]; then
      line+=" $word"
    else
      line+=" \"$word\""
    fi
  done
  printf '%s%s%s\n' "$bold" "$line" "$plain"
}

# Shows a command, runs it, shows its answer.
run() {
  show "$@"
  "$@" 2>&1
}

# A command of somebody: as yann pay @biocoop 12.50
as() {
  run kengred --profile "$@"
}

# A command that the ledger must refuse.
refused() {
  local status=0
  as "$@" || status=$?
  [[ $status -eq 3 ]] || fail "that should have been refused (3), and ended with $status"
}

# A field of a command's JSON: json "['public_key']" kengred ...
json() {
  "${@:2}" --json | python3 -c "import json, sys; print(json.load(sys.stdin)$1)"
}

address() {
  json "['account']" kengred --profile "$1" account show
}

trap 'status=$?; [[ $status -eq 0 ]] || echo "quickstart: stopped by the error above; the log of the server is $data/server.log" >&2; stop_if_needed' EXIT
server=
witness=
stop_if_needed() {
  [[ $once -eq 1 || ${status:-0} -ne 0 ]] || return 0
  local process
  for process in $server $witness; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  rm -f "$data/server.pid" "$data/witness.pid"
}

# Waits until a program that was just started has written its port file: started NAME PROCESS FILE
started() {
  for _ in {1..150}; do
    [[ ! -s $3 ]] || return 0
    kill -0 "$2" 2>/dev/null || {
      tail -n 5 "$1.log" >&2
      fail "the $1 did not start. Is its port in use? Choose another with --port."
    }
    sleep 0.1
  done
  fail "the $1 is not ready after 15 seconds"
}

# ---- the circle ----

year_end="$(date +%Y)-12-31"
next_year="$(($(date +%Y) + 1))-12-31"

chapter "Three people found a community" \
  "They govern it together: two of their three keys must sign."
as gov1 init --no-passphrase --words-out gov1.words
for name in gov2 gov3; do as "$name" init --no-passphrase --words-out "$name.words" --quiet; done
keys=()
for name in gov1 gov2 gov3; do
  keys+=("$(json "['public_key']" kengred --profile "$name" profile show)")
done
echo
echo "A neighbouring association will watch over their books, as a witness."
run kengred-witness init --name witness.lesneven.example/w1 --data witness
echo
show kengred-server charter example -- '> charter.toml'
kengred-server charter example |
  python3 -c '
import re, sys
text = sys.stdin.read()
witness, *governance = sys.argv[1:]
keys = "".join("  \"%s\",\n" % key for key in governance)
text = re.sub(r"keys = \[.*?\]", "keys = [\n%s]" % keys, text, count=1, flags=re.DOTALL)
line = "witnesses = [\"%s\"]" % witness
print(re.sub(r"# witnesses = .*", lambda match: line, text, count=1), end="")
' "$(kengred-witness key --data witness)" "${keys[@]}" >charter.toml
echo "They write their keys, the witness's and their rules into it."
run kengred-server init --charter charter.toml --data ledger
key="$(kengred-server log-key show ledger.log-key)"
run kengred-witness add --data witness --log "$key"
show kengred-witness serve --data witness -- '&'
kengred-witness serve --data witness --listen 127.0.0.1:0 --port-file witness.port \
  >witness.log 2>&1 </dev/null &
witness=$!
echo "$witness" >witness.pid
started witness "$witness" witness.port
witness_url="http://127.0.0.1:$(cat witness.port)"
show kengred-server serve --data ledger --listen "127.0.0.1:$port" --witness "$witness_url" -- '&'
# Checkpoint and tiles: at their usual port, but where another server has it.
http_port=$((port == 0 ? 0 : 4366))
if (exec 3<>/dev/tcp/127.0.0.1/4366) 2>/dev/null; then http_port=0; fi
kengred-server serve --data ledger --listen "127.0.0.1:$port" --witness "$witness_url" \
  --http-listen "127.0.0.1:$http_port" --port-file port >server.log 2>&1 </dev/null &
server=$!
echo "$server" >server.pid
started server "$server" port
target="127.0.0.1:$(head -n 1 port)"
log="http://127.0.0.1:$(tail -n 1 port)"

chapter "Everybody makes a wallet and opens an account" \
  "Keys are made here and stay here; the server only ever sees signatures."
as gov1 ledger add "$target" --name heol
for name in gov2 gov3; do as "$name" ledger add "$target" --name heol --quiet; done
as heol init --no-passphrase --words-out heol.words
as heol ledger add "$target" --name heol
as heol account open --kind association --name "Heol, Pays de Brest" --alias heol --yes
open() {
  local name="$1"
  as "$name" init --no-passphrase --words-out "$name.words" --quiet
  as "$name" ledger add "$target" --name heol --quiet
  as "$name" account open "${@:2}" --yes --quiet
}
for name in anne brieg carole denez enora fanch gwenn; do open "$name" --kind person; done
open biocoop --kind professional --name "Biocoop Kerber" --alias biocoop --location "Brest"
open cafe --kind professional --name "Café du Port" --alias cafe --location "Brest"
for name in yann maelle nolwenn; do open "$name" --kind person; done

chapter "Governance gives the roles" \
  "Anne, Brieg and Carole are the committee; Denez is treasurer, Enora issues units," \
  "Fanch keeps the members' list, Gwenn confirms services."
for name in anne brieg carole denez enora fanch gwenn; do
  as gov1 contacts add "$name" "$(address "$name")"
done
for name in anne brieg carole; do
  as gov1 role grant "$name" committee --also-sign gov2 --yes
done
as gov1 role grant denez treasurer --also-sign gov2 --yes
as gov1 role grant enora issuer --also-sign gov2 --yes
as gov1 role grant fanch registrar --also-sign gov2 --yes
as gov1 role grant gwenn validator --also-sign gov2 --yes

chapter "Members are admitted, shops approved" \
  "A shop needs two committee members; one alone is not enough. They sign at one desk, or the act" \
  "travels as a file from one to the other."
for name in yann maelle nolwenn; do
  as fanch contacts add "$name" "$(address "$name")"
  as fanch member admit "$name" --until "$next_year" --yes
done
for name in @heol @biocoop @cafe; do as fanch member admit "$name" --until "$next_year" --yes; done
refused anne professional approve @biocoop --until "$next_year" --reason "visited on Monday" --yes
as anne professional approve @biocoop --until "$next_year" --reason "visited on Monday" \
  --also-sign brieg --yes
as anne professional approve @cafe --until "$next_year" --reason "visited on Tuesday" \
  --save cafe.tx --yes
as carole tx sign cafe.tx --yes
as carole tx submit cafe.tx --yes
as yann directory list shops

chapter "Euros come in, units are issued" \
  "Each issue names the euro receipt behind it, and a receipt counts once, for ever."
as enora contacts add yann "$(address yann)"
as enora issue yann 50 --receipt BANK-0001 --yes
as enora issue @heol 500 --receipt CITY-GRANT-7 --yes
refused enora issue yann 50 --receipt BANK-0001 --yes
as denez fund record in 200 --fund paper --ref NOTES-SOLD-12 --yes
as yann ledger info

chapter "The association opens a programme and funds it" \
  "Rewards are paid out of its pot, within its caps, when Gwenn has confirmed them."
as heol contacts add gwenn "$(address gwenn)"
as heol programme open --name "Repair café" --alias repair-cafe --activity repair --unit session \
  --rate 10 --quantity-max 4 --validator gwenn --total-cap 400 --person-cap 60 --period month \
  --yearly-cap 300 --ground prize --until "$year_end" --yes
as heol programme fund @repair-cafe 300 --for "year's budget" --yes
as heol programme show @repair-cafe

chapter "Citizens are rewarded, from a list" \
  "Importing the list again pays nobody twice."
{
  echo "beneficiary,activity,quantity,reference,evidence"
  echo "$(address yann),repair,2,session-1,two toasters"
  echo "$(address maelle),repair,3,session-2,a bicycle"
  echo "$(address nolwenn),repair,1,session-3,a lamp"
} >services.csv
run cat services.csv
as heol reward import @repair-cafe services.csv --dry-run --also-sign gwenn --yes
as heol reward import @repair-cafe services.csv --also-sign gwenn --yes
as heol reward import @repair-cafe services.csv --also-sign gwenn --yes

chapter "They pay the shops"
as yann pay @biocoop 42.50 --for "vegetables" --yes
request="$(json "['uri']" kengred --profile cafe request 8 --ref TABLE-4)"
as cafe request 8 --ref TABLE-4
as maelle pay "$request" --yes
refused maelle pay @biocoop 100 --yes
as cafe history

chapter "A shop gives something back"
payment="$(json "['items'][0]['transaction_id']" kengred --profile cafe history --limit 1)"
as cafe refund "$payment" 3 --for "one coffee too many" --yes

chapter "A shop turns units back into euros" \
  "The units are locked, the treasurer pays the euros, the units are burned: 5 % commission stays."
as biocoop reconvert request 40 --yes
as denez reconvert list --all --state requested
id="$(json "['reconversions'][0]['reconversion_id']" kengred --profile denez reconvert list --all \
  --state requested)"
as denez reconvert settle "$id" --bank-ref SEPA-0001 --yes

chapter "A payment is proved from a file" \
  "Whoever has the file and the ledger's public key can check it, without the server, for ever."
as yann pay @cafe 2 --for "a coffee" --receipt coffee.receipt --yes
run kengred receipt verify coffee.receipt --key "$key"

chapter "And the witness has seen the same books" \
  "Its signature comes a moment later: then no second, secret version of the books can exist."
payment="$(json "['items'][0]['transaction_id']" kengred --profile cafe history --limit 1)"
for _ in {1..100}; do
  kengred --profile yann receipt get "$payment" seen.receipt --yes >/dev/null 2>&1
  ! kengred receipt verify seen.receipt --key "$key" --witnesses-needed 1 >/dev/null 2>&1 || break
  rm -f seen.receipt
  sleep 0.1
done
as yann receipt get "$payment" cosigned.receipt --yes
run kengred receipt verify cosigned.receipt --key "$key" --witnesses-needed 1
as yann ledger witnesses 1

chapter "Anybody can check all the books again" \
  "The journal leaves as one file; the auditor judges every entry anew, and needs no server."
run kengred-server export --data ledger books.export
run kengred-server audit --export books.export --verifier-key "$key"

chapter "What everybody has now"
for name in yann maelle nolwenn biocoop cafe heol; do as "$name" balance; done
as heol programme list
as yann ledger info

# Circulation is what everybody holds; the fund is what the bank account must show.
kengred --profile yann ledger info --json | python3 -c '
import json, sys
info = json.load(sys.stdin)
heol = next(c for c in info["currencies"] if c["code"] == "HEOL")
circulation, fund = heol["circulation"]["minor"], heol["fund"]["minor"]
if circulation != fund:
    sys.exit("circulation is %d cents and the guarantee fund %d: they differ" % (circulation, fund))
print("\nCirculation equals the guarantee fund: %d.%02d." % divmod(fund, 100))
'

if [[ $once -eq 1 ]]; then
  printf '\nThat was the whole circle. Without --once the server goes on for you to try it.\n'
  exit 0
fi
disown "$server" "$witness"
cat <<END

${bold}Server and witness go on; the server is at $target. Now you:${plain}

  export XDG_DATA_HOME="$XDG_DATA_HOME" PATH="$programs:\$PATH"
  kengred --profile nolwenn pay @cafe 2.50 --for "coffee"
  kengred --profile cafe watch
  kengred --profile nolwenn history
  curl $log/checkpoint
  kengred --help

Stop them with: kill $server $witness
END
