# Fails where the object of a CPU's loops exports more than its table. What several objects define, such as an inline
# function, is taken from any of them: from one compiled with AVX-512 it would stop every other processor.
# cmake -DNM=nm -DLIBRARY=libhthm_deepsets.a -P exports.cmake
execute_process(COMMAND "${NM}" --defined-only --extern-only --format=posix "${LIBRARY}"
  OUTPUT_VARIABLE symbols ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "[][]" "/" symbols "${symbols}")  # brackets would keep a list together
string(REPLACE "\n" ";" symbols "${symbols}")
foreach(line IN LISTS symbols)  # a line "library[object]:" an object, and a line "name type value size" a symbol of it
  if(line MATCHES "/([^/]+)/:$")
    set(object "${CMAKE_MATCH_1}")
  elseif(object MATCHES "^kernel_avx" AND line MATCHES "^([^ ]+) ")
    set(symbol "${CMAKE_MATCH_1}")
    string(REGEX MATCH "avx[0-9]+" level "${object}")
    list(APPEND exported_by_${level} "${symbol}")
  endif()
endforeach()
foreach(level avx2 avx512)
  if(NOT exported_by_${level} MATCHES "^_ZN4hthm8deepsets[0-9]+${level}_kernelE$")
    message(SEND_ERROR "kernel_${level}.cpp: must export ${level}_kernel and nothing else, got: ${exported_by_${level}}")
  endif()
endforeach()
