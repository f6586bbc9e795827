# Other people's clients against the program of this build: `ctest -L interop`. One ctest entry for each test_*.py.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
    file(GLOB modules CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/test_*.py")
    foreach(file IN LISTS modules)
        get_filename_component(name "${file}" NAME_WE)
        string(REPLACE "test_" "" name "${name}")
        add_test(NAME interop.${name}
                 COMMAND Python3::Interpreter "${CMAKE_CURRENT_LIST_DIR}/run.py" ${name})
        set_tests_properties(interop.${name} PROPERTIES LABELS interop TIMEOUT 900
                             ENVIRONMENT "WHERRY=$<TARGET_FILE:wherry_program>;PYTHONDONTWRITEBYTECODE=1")
    endforeach()
endif()
