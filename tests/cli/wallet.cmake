# Transcripts of the wallet against a real server. transcript.py says how they are written; *.inc are
# parts of them.
if(KENGRED_BUILD_WALLET AND KENGRED_BUILD_SERVER)
  file(GLOB transcripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.txt)
  list(FILTER transcripts EXCLUDE REGEX "CMakeLists.txt$")
  foreach(transcript ${transcripts})
    get_filename_component(name ${transcript} NAME_WE)
    kengred_script_test(cli_${name} LABELS cli TIMEOUT 300
      COMMAND ${KENGRED_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/transcript.py ${transcript}
      NEEDS kengred kengred_server_bin)
  endforeach()

  kengred_script_test(cli_transcript_test LABELS cli
    COMMAND ${KENGRED_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/transcript_test.py)
endif()
