kengred_test(keys_test LABELS unit
  SOURCES keys_test.cc
  LINK kengred_keys kengred_core nlohmann_json::nlohmann_json)

kengred_test(key_file_test LABELS unit
  SOURCES key_file_test.cc
  LINK kengred_keys kengred_core kengred_sodium)
# The test watches these calls and makes them fail.
target_link_options(key_file_test PRIVATE
  LINKER:--wrap=open,--wrap=write,--wrap=fsync,--wrap=rename,--wrap=renameat2)
