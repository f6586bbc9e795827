# The library users link: every layer but the program and the test doubles, in one static archive.
set(library_layers core observe net vfs auth access ftp tftp i2ftp service)
add_library(wherry STATIC)
add_library(wherry::wherry ALIAS wherry)
target_include_directories(wherry PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
foreach(layer IN LISTS library_layers)
    target_sources(wherry PRIVATE $<TARGET_OBJECTS:wherry_${layer}>)
endforeach()
target_link_libraries(wherry PRIVATE fmt::fmt spdlog::spdlog PkgConfig::SODIUM PkgConfig::PAM PkgConfig::RE2 OpenSSL::SSL ZLIB::ZLIB crypt Threads::Threads wherry_flags)

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(WHERRY_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Wherry")
install(TARGETS wherry ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(TARGETS wherry_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/wherry" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
              "${PROJECT_SOURCE_DIR}/docs/config.md" "${PROJECT_SOURCE_DIR}/docs/commands.md"
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/WherryConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/WherryConfig.cmake" INSTALL_DESTINATION ${WHERRY_CMAKE_DIR}
    PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/WherryConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/WherryConfig.cmake" "${PROJECT_BINARY_DIR}/WherryConfigVersion.cmake"
        DESTINATION ${WHERRY_CMAKE_DIR} COMPONENT development)
