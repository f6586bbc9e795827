#pragma once
// The calls of the kernel that are made for single packets, made without the C library: there each of them is a point
// where a thread may be cancelled, which costs it two locked operations. No thread of ours is ever cancelled. Results
// and errno are as those of the functions of the same name.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(feature) 0  // of clang
#endif

namespace wherry::net::direct {

inline int epoll_wait(int epoll, epoll_event* events, int most, int milliseconds) {
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
    return ::epoll_wait(epoll, events, most, milliseconds);  // it learns from that who has woken whom
#else
    return static_cast<int>(::syscall(SYS_epoll_pwait, epoll, events, most, milliseconds, nullptr, 0));
#endif
}
inline int recvmmsg(int socket, mmsghdr* messages, unsigned count, int flags) {
    return static_cast<int>(::syscall(SYS_recvmmsg, socket, messages, count, flags, nullptr));
}
inline ssize_t sendmsg(int socket, const msghdr* message, int flags) {
    return ::syscall(SYS_sendmsg, socket, message, flags);
}

}  // namespace wherry::net::direct
