# The library: the objects of all rooms under one name, of which only what the public headers mark is visible.
get_property(rooms GLOBAL PROPERTY NIGHTINGALE_ROOMS)
get_property(libraries GLOBAL PROPERTY NIGHTINGALE_LIBRARIES)
list(REMOVE_DUPLICATES libraries)
list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)

add_library(nightingale ${objects})
add_library(nightingale::nightingale ALIAS nightingale)
target_link_libraries(nightingale PRIVATE ${libraries})
target_compile_features(nightingale PUBLIC cxx_std_20)
target_include_directories(nightingale PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                           $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(nightingale PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION}
                      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

configure_file(${PROJECT_SOURCE_DIR}/cmake/version.h.in ${PROJECT_BINARY_DIR}/include/nightingale/version.h @ONLY)

# Installing: library, headers, the files of find_package and of pkg-config.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/nightingale)
install(TARGETS nightingale EXPORT nightingale)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nightingale ${PROJECT_BINARY_DIR}/include/nightingale
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# The watermark's network, when it has been fetched (tools/get_watermark.sh).
install(FILES ${PROJECT_SOURCE_DIR}/build/share/nightingale/perth.safetensors
        DESTINATION ${CMAKE_INSTALL_DATADIR}/nightingale OPTIONAL)
# The model that speaks when none is named.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/fledgling
        DESTINATION ${CMAKE_INSTALL_DATADIR}/nightingale/models OPTIONAL)
install(EXPORT nightingale FILE nightingaleTargets.cmake NAMESPACE nightingale:: DESTINATION ${package})

include(CMakePackageConfigHelpers)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nightingaleConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/nightingaleConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nightingaleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nightingaleConfig.cmake ${PROJECT_BINARY_DIR}/nightingaleConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake DESTINATION ${package})
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/nightingale.pc.in ${PROJECT_BINARY_DIR}/nightingale.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nightingale.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
