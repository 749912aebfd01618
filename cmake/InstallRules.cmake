# What `cmake --install` lays out:
#
#   bin/                        the programs that were built
#   lib/                        the libraries that a client links
#   lib/cmake/Kengred/          find_package(Kengred CONFIG), which gives Kengred::kengred_client
#   include/kengred/, include/google/rpc/
#   share/kengred/proto/        the contract, for clients in other languages
#   share/locale/, share/man/   the wallet's translations and manual pages; its completion scripts lie
#                               where bash, zsh and fish look for them (wallet-cli/shell.cmake)
#
# Components: "runtime" is bin/ and what belongs to the wallet, "dev" all the rest.
include(CMakePackageConfigHelpers)

set(kengred_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Kengred)

foreach(program kengred kengred_server_bin kengred_witness_bin kengred_bench)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
  endif()
endforeach()

# kengred_sodium has no file of its own; it names libsodium for the others.
install(TARGETS kengred_proto kengred_grpc kengred_core kengred_keys kengred_client kengred_sodium
  EXPORT KengredTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Headers that are an interface. A header that is internal to its folder says so and is not here.
file(GLOB core_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/*.h)
install(FILES ${core_headers}
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kengred/core COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/client/client.h ${PROJECT_SOURCE_DIR}/client/log_memory.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kengred/client COMPONENT dev)
foreach(header derivation key_file mnemonic secret_bytes)
  install(FILES ${PROJECT_SOURCE_DIR}/client/keys/${header}.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kengred/keys COMPONENT dev)
endforeach()
foreach(folder kengred/v1 google/rpc)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/generated/${folder}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder} COMPONENT dev
    FILES_MATCHING PATTERN "*.h")
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto/${folder}/
    DESTINATION ${CMAKE_INSTALL_DATADIR}/kengred/proto/${folder} COMPONENT dev
    FILES_MATCHING PATTERN "*.proto")
endforeach()

# The package. Before 1.0 a new minor version may change the interface.
install(EXPORT KengredTargets NAMESPACE Kengred:: DESTINATION ${kengred_package_dir} COMPONENT dev)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/KengredConfig.cmake.in
  ${CMAKE_BINARY_DIR}/KengredConfig.cmake INSTALL_DESTINATION ${kengred_package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/KengredConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/KengredConfig.cmake ${CMAKE_BINARY_DIR}/KengredConfigVersion.cmake
  DESTINATION ${kengred_package_dir} COMPONENT dev)
