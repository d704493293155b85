/* Late binding: the libraries that many a command never calls are not linked to the program but
   loaded at the first call of one of their functions. The code that calls them does not know: each
   function of theirs is a stub here, of the library's own name, that jumps to the address in its
   slot. At first that is the way to `bind_late`, which loads the library and fills the slot.

   The list of functions is made at build time (late.lua) from what the Lua module, which is linked
   as usual, takes from these libraries. Without MC_LATE, where there are no stubs for a machine,
   there is nothing here and the program is linked as usual too. */

#ifdef MC_LATE

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_NOT_LOADED 127 /* the dynamic loader's own */

static const struct {
  const char *library, *name;
} functions[] = {
#define FUNCTION(library, name) {library, name},
#include "late_list.h"
#undef FUNCTION
};

/* One for each of `functions`. */
extern void *mc_late_slots[];
void mc_late_bind(void **slot);

/* A thread that comes here at the same time stores the same address. */
void mc_late_bind(void **slot)
{
  int saved = errno;
  size_t i = (size_t)(slot - mc_late_slots);
  void *library = dlopen(functions[i].library, RTLD_LAZY);
  void *address = library ? dlsym(library, functions[i].name) : NULL;

  if(!address) {
    fprintf(stderr, "mooncron: a library cannot be loaded: %s\n", dlerror());
    exit(EXIT_NOT_LOADED);
  }
  __atomic_store_n(slot, address, __ATOMIC_RELEASE);
  errno = saved;
}

/* clang-format off */
#if defined(__x86_64__)
/* What belongs to the call that is on its way: six integers, in rax how many vectors a variadic
   function gets, eight of these; and the slot. Where it is kept, on the stack. */
#define EACH_KEPT(WORD, VECTOR) \
  WORD("rdi", "0") WORD("rsi", "8") WORD("rdx", "16") WORD("rcx", "24") \
  WORD("r8", "32") WORD("r9", "40") WORD("rax", "48") WORD("r11", "56") \
  VECTOR("xmm0", "64") VECTOR("xmm1", "80") VECTOR("xmm2", "96") VECTOR("xmm3", "112") \
  VECTOR("xmm4", "128") VECTOR("xmm5", "144") VECTOR("xmm6", "160") VECTOR("xmm7", "176")
#define SAVE(reg, at) "  movq %" reg ", " at "(%rsp)\n"
#define SAVE_VECTOR(reg, at) "  movups %" reg ", " at "(%rsp)\n"
#define RESTORE(reg, at) "  movq " at "(%rsp), %" reg "\n"
#define RESTORE_VECTOR(reg, at) "  movups " at "(%rsp), %" reg "\n"

__asm__(
  ".text\n"
  "bind_late:\n"
  "  .cfi_startproc\n"
  "  pushq %rbp\n"
  "  .cfi_def_cfa_offset 16\n"
  "  .cfi_offset %rbp, -16\n"
  "  movq %rsp, %rbp\n"
  "  .cfi_def_cfa_register %rbp\n"
  "  subq $192, %rsp\n"
  EACH_KEPT(SAVE, SAVE_VECTOR)
  "  movq %r11, %rdi\n"
  "  call mc_late_bind\n"
  EACH_KEPT(RESTORE, RESTORE_VECTOR)
  "  leave\n"
  "  .cfi_def_cfa %rsp, 8\n"
  "  jmp *(%r11)\n"
  "  .cfi_endproc\n"

  ".data\n"
  ".balign 8\n"
  ".globl mc_late_slots\n"
  ".hidden mc_late_slots\n"
  "mc_late_slots:\n"

#define FUNCTION(library, name) \
  ".text\n" \
  ".globl " name "\n" \
  ".hidden " name "\n" \
  ".type " name ", @function\n" \
  name ":\n" \
  "  endbr64\n" \
  "  jmp *slot_" name "(%rip)\n" \
  "first_" name ":\n" \
  "  endbr64\n" \
  "  leaq slot_" name "(%rip), %r11\n" \
  "  jmp bind_late\n" \
  ".data\n" \
  "slot_" name ": .quad first_" name "\n"
#include "late_list.h"
#undef FUNCTION

  ".text\n");
#else
#error "no stubs for this machine: build without MC_LATE"
#endif
/* clang-format on */

#endif
