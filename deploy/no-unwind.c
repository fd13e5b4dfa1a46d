/* The unwinder's entry points, for programs with panic = "abort": nothing unwinds, and without its tables (see
   no-unwind-tables.ld) no backtrace can be made. Whoever asks for one is told that the stack ends here. libunwind,
   which is linked otherwise, is 53 kB. */
#include <stdint.h>
#include <stdlib.h>

enum { END_OF_STACK = 5, FATAL = 3 };

int _Unwind_Backtrace(void *each, void *argument) { (void)each; (void)argument; return END_OF_STACK; }
int _Unwind_RaiseException(void *exception) { (void)exception; return FATAL; }
void _Unwind_Resume(void *exception) { (void)exception; abort(); }
void _Unwind_DeleteException(void *exception) { (void)exception; }
uintptr_t _Unwind_GetIP(void *context) { (void)context; return 0; }
uintptr_t _Unwind_GetIPInfo(void *context, int *before) { (void)context; *before = 0; return 0; }
uintptr_t _Unwind_GetCFA(void *context) { (void)context; return 0; }
uintptr_t _Unwind_GetLanguageSpecificData(void *context) { (void)context; return 0; }
uintptr_t _Unwind_GetRegionStart(void *context) { (void)context; return 0; }
uintptr_t _Unwind_GetTextRelBase(void *context) { (void)context; return 0; }
uintptr_t _Unwind_GetDataRelBase(void *context) { (void)context; return 0; }
void *_Unwind_FindEnclosingFunction(void *address) { (void)address; return 0; }
void _Unwind_SetGR(void *context, int index, uintptr_t value) { (void)context; (void)index; (void)value; }
void _Unwind_SetIP(void *context, uintptr_t value) { (void)context; (void)value; }
