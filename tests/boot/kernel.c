/* What the virtual machine boots to prove that its files came over whole. A Multiboot (version 1) kernel without a
 * library: for every module that the boot loader has fetched, it writes size and CRC-32 to the first serial port, and
 * then ends the emulator through its debug-exit device at port 0xf4. */
typedef unsigned char Byte;
typedef unsigned short Half;
typedef unsigned int Word;

/* The head must be within the first 8 KiB of the file: this block of code is the first of the text. */
__asm__(
    ".text\n"
    ".balign 4\n"
    ".long 0x1badb002, 3, -(0x1badb002 + 3)\n" /* magic, flags (pages, memory), checksum */
    ".globl _start\n"
    "_start:\n"
    "  mov $stack + 16384, %esp\n"
    "  push %ebx\n" /* what the boot loader tells */
    "  call report\n"
    "1: hlt\n"
    "  jmp 1b\n");

__attribute__((used)) static Byte stack[16384];

struct Module {
    Word begin, end, words, reserved;
};
struct Told {
    Word flags, lower, upper, device, command_line, modules;
    const struct Module* module;
};

static void out_byte(Half port, Byte value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static void out_word(Half port, Word value) { __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
static Byte in_byte(Half port) {
    Byte value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

enum { serial = 0x3f8 };

static void say(const char* text) {
    for (; *text; ++text) {
        while (!(in_byte(serial + 5) & 0x20)) {}
        out_byte(serial, (Byte)*text);
    }
}

static void say_hex(Word value) {
    char text[9];
    for (int i = 7; i >= 0; --i, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
    text[8] = 0;
    say(text);
}

static Word crc_of(const Byte* bytes, const Byte* end) {
    Word crc = ~0u;
    for (; bytes != end; ++bytes) {
        crc ^= *bytes;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

__attribute__((used)) static void report(const struct Told* told) {
    out_byte(serial + 1, 0); /* no interrupts, 115200 baud, 8N1, queues on */
    out_byte(serial + 3, 0x80);
    out_byte(serial + 0, 1);
    out_byte(serial + 1, 0);
    out_byte(serial + 3, 3);
    out_byte(serial + 2, 0xc7);
    say("\nKERNEL runs\n");
    for (Word i = 0; (told->flags & 8) && i < told->modules; ++i) {
        const struct Module* module = told->module + i;
        say("MODULE ");
        say_hex(module->end - module->begin);
        say(" ");
        say_hex(crc_of((const Byte*)module->begin, (const Byte*)module->end));
        say("\n");
    }
    say("KERNEL done\n");
    while (!(in_byte(serial + 5) & 0x40)) {} /* until the last byte has left */
    out_word(0xf4, 0);
}
