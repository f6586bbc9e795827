# Debian packages by cpack: wherry (the program as a service) and libwherry-dev (headers, library, CMake files).
# Only the packages have the unit, the configuration and the rules for PAM; `cmake --install` leaves them out.
install(FILES "${PROJECT_SOURCE_DIR}/packaging/wherry.service"
        DESTINATION lib/systemd/system COMPONENT program EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/packaging/wherry-ftp.socket" "${PROJECT_SOURCE_DIR}/packaging/wherry-tftp.socket"
        DESTINATION share/doc/wherry/examples COMPONENT program EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/packaging/wherry.toml"
        DESTINATION /etc/wherry COMPONENT program EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/packaging/wherry.pam" RENAME wherry
        DESTINATION /etc/pam.d COMPONENT program EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wherry)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Wherry authors <authors@wherry.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program development)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME wherry)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "Serves folders by FTP. It is installed as a systemd service that is neither
enabled nor started: write /etc/wherry/wherry.toml first.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/packaging/conffiles" "${PROJECT_SOURCE_DIR}/packaging/postinst"
    "${PROJECT_SOURCE_DIR}/packaging/prerm" "${PROJECT_SOURCE_DIR}/packaging/postrm")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libwherry-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libfmt-dev, libspdlog-dev, libsodium-dev, libssl-dev, zlib1g-dev,
    libre2-dev, libcrypt-dev, libpam0g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "Headers, the static library and the files that find_package(Wherry) reads.")
include(CPack)
