# Completion scripts and manual pages, made by the program from its own tree of commands, so that they
# cannot differ from it. They land in share/ beside bin/, in the build tree as installed.
set(share ${CMAKE_BINARY_DIR}/share)
set(bash_completion ${share}/bash-completion/completions/kengred)
# Debian's zsh looks here for what packages bring; elsewhere it is zsh/site-functions.
set(KENGRED_ZSH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions CACHE PATH
  "Where the zsh completion is installed")
set(zsh_completion ${share}/zsh/vendor-completions/_kengred)
set(fish_completion ${share}/fish/vendor_completions.d/kengred.fish)
set(stamp ${CMAKE_CURRENT_BINARY_DIR}/shell.stamp)

# kengred_in(LANGUAGE ARGUMENTS...): the command that runs the program in a language.
function(kengred_in result language)
  set(${result} ${CMAKE_COMMAND} -E env --unset=LC_ALL --unset=LC_MESSAGES LANG=C.UTF-8
    LANGUAGE=${language} $<TARGET_FILE:kengred> ${ARGN} PARENT_SCOPE)
endfunction()
kengred_in(write_bash en completion bash --output ${bash_completion})
kengred_in(write_zsh en completion zsh --output ${zsh_completion})
kengred_in(write_fish en completion fish --output ${fish_completion})
kengred_in(write_pages en man --output ${share}/man/man1)
kengred_in(write_french_pages fr man --output ${share}/man/fr/man1)

add_custom_command(
  OUTPUT ${stamp}
  # A page of a command that is gone must go too.
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${share}/man
  COMMAND ${CMAKE_COMMAND} -E make_directory ${share}/bash-completion/completions
    ${share}/zsh/vendor-completions ${share}/fish/vendor_completions.d ${share}/man/man1
    ${share}/man/fr/man1
  COMMAND ${write_bash}
  COMMAND ${write_zsh}
  COMMAND ${write_fish}
  COMMAND ${write_pages}
  COMMAND ${write_french_pages}
  COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
  DEPENDS kengred kengred_catalogues
  COMMENT "Writing completion scripts and manual pages"
  VERBATIM)
add_custom_target(kengred_shell ALL DEPENDS ${stamp})

install(FILES ${bash_completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  COMPONENT runtime)
install(FILES ${zsh_completion} DESTINATION ${KENGRED_ZSH_COMPLETIONS} COMPONENT runtime)
install(FILES ${fish_completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
  COMPONENT runtime)
install(DIRECTORY ${share}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT runtime)
