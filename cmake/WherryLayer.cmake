# wherry_layer(NAME [DEPENDS layer...] [LIBRARIES library...])
#
# One layer of src/ as an object library wherry_NAME, made of every .cpp file in the current folder. The folder is the
# list: a file put there is built. DEPENDS are the layers whose headers it may include.
function(wherry_layer name)
    cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "*.cpp")
    add_library(wherry_${name} OBJECT ${sources})
    set_target_properties(wherry_${name} PROPERTIES LINKER_LANGUAGE CXX)
    target_include_directories(wherry_${name} PUBLIC
        "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(wherry_${name} PRIVATE wherry_flags PUBLIC ${ARG_LIBRARIES})
    set(formats)
    if(fmt::fmt IN_LIST ARG_LIBRARIES)
        set(formats <fmt/format.h>)
    endif()
    wherry_build_at_once(wherry_${name} ${formats})
    foreach(layer IN LISTS ARG_DEPENDS)
        target_link_libraries(wherry_${name} PUBLIC wherry_${layer}_interface)
    endforeach()
    add_library(wherry_${name}_interface INTERFACE)
    target_include_directories(wherry_${name}_interface INTERFACE
        "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(wherry_${name}_interface INTERFACE ${ARG_LIBRARIES})
endfunction()
