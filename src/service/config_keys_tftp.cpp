// The rows of the list of keys that are about TFTP.
#include "service/config_keys.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace wherry {
namespace {

using namespace fields;
using namespace std::chrono_literals;
using enum ConfigKey::Change;

constexpr auto longest_tftp_wait = std::chrono::hours(24);

// A duration that may be left empty.
template <class Member>
Field duration_or_none(Member member, std::chrono::milliseconds most) {
    return make(
        "duration", "\"\" or up to " + print_duration(most), member,
        [=](const Value& value) -> Result<std::chrono::milliseconds> {
            const auto* const text = std::get_if<std::string>(&value);
            if (text != nullptr && text->empty()) return std::chrono::milliseconds(0);
            return read_duration(value, 0ms, most, 1ms);
        },
        [](auto shown) { return toml_text(shown.count() == 0 ? std::string() : print_duration(shown)); });
}

// A duration whose member counts in nanoseconds.
template <class Member>
Field span(Member member, std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return make(
        "duration", print_duration(least) + " to " + print_duration(most), member,
        [=](const Value& value) { return read_duration(value, least, most, 1ms); },
        [](tftp::Span shown) {
            return toml_text(print_duration(std::chrono::duration_cast<std::chrono::milliseconds>(shown)));
        });
}

template <class Member>
Field pace(Member member) {
    return make("text", std::string(pace_words), member, read_pace, show_pace);
}

using tftp::MtuPolicy;
using tftp::TidMode;
using tftp::WorldReadable;
using tftp::WriteMode;
// A list of nothing is one of texts for who reads the file.
template <class Member>
Field ports(Member member) {
    constexpr std::size_t most_ports = 1024;
    return make(
        "list of ports", "0 to 65535", member,
        [](const Value& value) -> Result<std::vector<std::uint16_t>> {
            const auto* const texts = std::get_if<std::vector<std::string>>(&value);
            if (texts != nullptr && texts->empty()) return {};
            const auto* const numbers = std::get_if<std::vector<std::int64_t>>(&value);
            const auto is_port = [](std::int64_t number) { return number >= 0 && number <= 65535; };
            if (numbers == nullptr || numbers->size() > most_ports || !std::ranges::all_of(*numbers, is_port)) {
                return fail(Code::invalid, "must be a list of ports, like [53, 69]");
            }
            std::vector<std::uint16_t> out;
            for (const std::int64_t number : *numbers) out.push_back(static_cast<std::uint16_t>(number));
            return out;
        },
        [](const std::vector<std::uint16_t>& shown) {
            std::string out = "[";
            for (const std::uint16_t port : shown) out += (out.size() > 1 ? ", " : "") + std::to_string(port);
            return out + "]";
        });
}

std::vector<ConfigKey> service_keys() {
    return {
        {"tftp.listen", restart, listen_places([](auto& c) -> auto& { return c.tftp.listen; }),
         "Where the server takes TFTP requests, usually \"*:69\". Empty: there is no TFTP. HOST is all addresses that "
         "this name has at the start. An address that this machine does not have yet is waited for. \"systemd:NAME\" "
         "is the sockets that systemd hands over under that name (FileDescriptorName=), each read by one thread; set "
         "PassPacketInfo=yes."},
        {"tftp.enabled", restart, flag([](auto& c) -> auto& { return c.tftp.enabled; }),
         "Whether TFTP is served at all: false leaves the rest of this section without effect."},
        {"tftp.workers", restart, number([](auto& c) -> auto& { return c.tftp.settings.workers; }, 0, 1024),
         "How many of the server's threads (runtime.loops) serve TFTP; 0 is all of them."},
        {"tftp.user", live, text([](auto& c) -> auto& { return c.tftp.user; }, 255),
         "The user whose folder is served, with the rights, the rates and the quota that he has by FTP. With "
         "login.system_users also an account of the machine, which need not be able to log in: files are read and "
         "written as it. Empty: nobody: then tftp.roots and tftp.write say all."},
        {"tftp.roots", live, files([](auto& c) -> auto& { return c.tftp.roots; }),
         "The folders that are served. Downloads look through them in this order, uploads go to the first. Empty: the "
         "folder of tftp.user or, without one, the anonymous folder."},
        {"tftp.require_roots", live, flag([](auto& c) -> auto& { return c.tftp.require_roots; }),
         "Whether a root that is not there is a mistake. Else nothing is found in it and nothing stored, until it is "
         "there at a reload."},
        {"tftp.tid_mode", restart,
         choice([](auto& c) -> auto& { return c.tftp.settings.tid_mode; },
                Words<TidMode>{{"pool", TidMode::pool}, {"unique", TidMode::unique}, {"single", TidMode::single}}),
         "Which port a transfer has: one of a few random ones that transfers share, one of its own, or the port of the "
         "requests, for servers behind address translation and in containers."},
        {"tftp.tid_ports", live,
         port_range([](auto& c) -> auto& { return c.tftp.settings.tid_first; },
                    [](auto& c) -> auto& { return c.tftp.settings.tid_last; }),
         "Ports that transfers may have."},
        {"tftp.check_port", live, flag([](auto& c) -> auto& { return c.tftp.settings.check_port; }),
         "Whether a packet has to come from the port that its request came from. Off for load balancers that change "
         "ports, with tid_mode \"unique\" alone: whoever has the client's address may then have a say in its "
         "transfer."},
        {"tftp.single_port_unknown", live,
         words([](auto& c) -> auto& { return c.tftp.settings.single_port_answers; }, "drop", "error"),
         "What becomes of packets of no transfer, with tid_mode \"single\". After a restart an error would only tell "
         "clients of it whose transfers are over anyway."},
        {"tftp.pool_ports", live, number([](auto& c) -> auto& { return c.tftp.settings.pool_ports; }, 1, 64),
         "Ports of each thread that downloads share, with tid_mode \"pool\"."},
        {"tftp.pool_rotate", live,
         duration([](auto& c) -> auto& { return c.tftp.settings.pool_rotate; }, 1s, longest_tftp_wait),
         "After how long new transfers get new ports, with tid_mode \"pool\"."},
        {"tftp.interfaces", live,
         texts([](auto& c) -> auto& { return c.tftp.settings.interfaces; }, "list of patterns"),
         "Network interfaces that requests may come by, like \"eth*\". Empty: all."},
        {"tftp.broadcast", live,
         words([](auto& c) -> auto& { return c.tftp.settings.answer_broadcast; }, "ignore", "answer"),
         "What becomes of requests to broadcast addresses. RFC 1123 asks to ignore them."},
        {"tftp.mtu", live, number([](auto& c) -> auto& { return c.tftp.settings.mtu; }, 0, 65535),
         "The largest packet on the way to clients, where it is smaller than the interface says; 0 is the interface."},
        {"tftp.mtu_policy", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.options.mtu_policy; },
                Words<MtuPolicy>{{"cap", MtuPolicy::cap}, {"allow", MtuPolicy::allow}, {"refuse", MtuPolicy::refuse}}),
         "What becomes of a block size that does not fit into one packet: it is made smaller, granted, or not "
         "granted."},
        {"tftp.ttl", restart, number([](auto& c) -> auto& { return c.tftp.settings.ttl; }, 0, 255),
         "How many routers a packet may pass; 0 is the system's choice."},
        {"tftp.dscp", restart, number([](auto& c) -> auto& { return c.tftp.settings.dscp; }, 0, 63),
         "The class of service that packets are marked with."},
        {"tftp.rcvbuf", restart, size([](auto& c) -> auto& { return c.tftp.settings.receive_buffer; }),
         "Memory of the kernel for packets that wait to be read, for each port."},
        {"tftp.gso", live, words([](auto& c) -> auto& { return c.tftp.settings.gso; }, "off", "auto"),
         "Whether the blocks of a window are given to the kernel as one, where it can cut them itself."},
        {"tftp.world_readable", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.world_readable; },
                Words<WorldReadable>{{"auto", WorldReadable::automatic},
                                     {"on", WorldReadable::on},
                                     {"owner", WorldReadable::owner},
                                     {"off", WorldReadable::off}}),
         "Whether only files are served that everybody on this machine may read; \"auto\": if the server runs as "
         "root. \"owner\": only files that belong to the account the server runs as."},
        {"tftp.on_change", live,
         words([](auto& c) -> auto& { return c.tftp.settings.abort_on_change; }, "ignore", "abort"),
         "What becomes of a download whose file is changed in place meanwhile. A file that is replaced goes on as it "
         "was."},
        {"tftp.debug_client", live, subnets([](auto& c) -> auto& { return c.tftp.settings.debug_client; }),
         "Clients whose packets are told one by one, where log.level is \"debug\". Empty: nobody's."},
        {"tftp.mode_aliases", live, flag([](auto& c) -> auto& { return c.tftp.settings.parse.mode_aliases; }),
         "Whether clients may say binary or image for octet, and ascii for netascii."},
        {"tftp.allow_control_names", live,
         flag([](auto& c) -> auto& { return c.tftp.settings.parse.allow_control_names; }),
         "Whether names may have control bytes."},
        {"tftp.limit_answer", live,
         words([](auto& c) -> auto& { return c.tftp.settings.limit_answer_error; }, "drop", "error"),
         "What becomes of a request over a limit. A client that hears nothing asks again; an error makes it give up."},
        {"tftp.silent_deny", live, flag([](auto& c) -> auto& { return c.tftp.settings.silent_deny; }),
         "Whether addresses that are not allowed get no answer instead of an error."},
        {"tftp.refuse_source_ports", live, ports([](auto& c) -> auto& { return c.tftp.settings.refuse_source_ports; }),
         "Requests from these ports are not answered: services there answer whatever comes, and would do so for ever."},
    };
}

std::vector<ConfigKey> option_keys() {
    return {
        {"tftp.options.refuse", live,
         texts([](auto& c) -> auto& { return c.tftp.settings.options.refuse; }, "list of options"),
         "Options that are never granted, like \"blksize\"."},
        {"tftp.options.reject_all", live, flag([](auto& c) -> auto& { return c.tftp.settings.options.reject_all; }),
         "Whether no option is granted at all."},
        {"tftp.options.blksize_max", live,
         number([](auto& c) -> auto& { return c.tftp.settings.options.blksize_max; }, 8, 65464),
         "The largest block size that is granted (RFC 2348)."},
        {"tftp.options.windowsize_max", live,
         number([](auto& c) -> auto& { return c.tftp.settings.options.windowsize_max; }, 1, 32767),
         "The largest window that is granted, in blocks (RFC 7440). Some network cards of boot loaders lose packets "
         "when "
         "more than 30 come at once."},
        {"tftp.options.window_bytes_max", live,
         size([](auto& c) -> auto& { return c.tftp.settings.options.window_bytes_max; }),
         "The largest window that is granted, in bytes."},
        {"tftp.options.rollover", live, number([](auto& c) -> auto& { return c.tftp.settings.options.rollover; }, 0, 1),
         "The block number that follows 65535, for clients that ask for none."},
        {"tftp.options.float_timeout", live,
         flag([](auto& c) -> auto& { return c.tftp.settings.options.float_timeout; }),
         "Whether a time-out may be a fraction of a second."},
        {"tftp.options.tsize_scan_max", live, size([](auto& c) -> auto& { return c.tftp.settings.tsize_scan_max; }),
         "Text downloads up to this size are read beforehand to tell clients their size."},
    };
}

std::vector<ConfigKey> timer_keys() {
    return {
        {"tftp.timers.rto_initial", live,
         span([](auto& c) -> auto& { return c.tftp.settings.timing.rto.initial; }, 10ms, 1min),
         "How long a packet waits for its answer before it is sent again, until the round trip is known."},
        {"tftp.timers.rto_min", live,
         span([](auto& c) -> auto& { return c.tftp.settings.timing.rto.least; }, 1ms, 1min), "The shortest such wait."},
        {"tftp.timers.rto_max", live,
         span([](auto& c) -> auto& { return c.tftp.settings.timing.rto.most; }, 10ms, 10min),
         "The longest such wait; each repeat doubles it."},
        {"tftp.timers.rto_fixed", live,
         duration_or_none([](auto& c) -> auto& { return c.tftp.settings.rto_fixed; }, 1h),
         "The same wait for everybody who asks for none; empty or 0: it follows the round trip."},
        {"tftp.timers.stall", live,
         span([](auto& c) -> auto& { return c.tftp.settings.timing.stall; }, 1s, longest_tftp_wait),
         "How long a transfer goes on without progress."},
        {"tftp.timers.final_ack_wait", live,
         span([](auto& c) -> auto& { return c.tftp.settings.timing.final_ack_wait; }, 0s, 10min),
         "How long a download waits for the ACK of its last block."},
        {"tftp.timers.dally", live, span([](auto& c) -> auto& { return c.tftp.settings.timing.dally; }, 0s, 1min),
         "How long a finished upload answers a client that has not heard of it."},
        {"tftp.timers.open", live,
         duration([](auto& c) -> auto& { return c.tftp.settings.open_timeout; }, 100ms, 10min),
         "How long opening a file may take."},
        {"tftp.timers.read", live, span([](auto& c) -> auto& { return c.tftp.settings.timing.starved; }, 100ms, 1h),
         "How long reading from a file may take."},
        {"tftp.timers.commit", live,
         duration([](auto& c) -> auto& { return c.tftp.settings.commit_timeout; }, 100ms, 1h),
         "How long writing the end of an upload may take."},
        {"tftp.timers.transfer_max", live,
         duration([](auto& c) -> auto& { return c.tftp.settings.transfer_max; }, 0s, longest_tftp_wait),
         "How long a transfer may last; 0s: as long as it takes."},
        {"tftp.timers.pace", live, pace([](auto& c) -> auto& { return c.tftp.settings.timing.pace; }),
         "How the blocks of a window are spread in time: as losses teach, not at all, or so long after each other."},
        {"tftp.timers.tail_probe", live, flag([](auto& c) -> auto& { return c.tftp.settings.timing.tail_probe; }),
         "Whether the last block of a window is repeated early when nothing is heard."},
    };
}

std::vector<ConfigKey> transfer_keys() {
    return {
        {"tftp.read.allow", live, subnets([](auto& c) -> auto& { return c.tftp.settings.read_allow; }),
         "Who may download; empty: everybody."},
        {"tftp.read.deny", live, subnets([](auto& c) -> auto& { return c.tftp.settings.read_deny; }),
         "Who may not download."},
        {"tftp.read.rate_per_transfer", live, rate([](auto& c) -> auto& { return c.tftp.settings.rate_per_transfer; }),
         "Bytes a second of each download; 0 is no limit beside those of the server and its users."},
        {"tftp.write.mode", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.write.mode; },
                Words<WriteMode>{{"off", WriteMode::off},
                                 {"create", WriteMode::create},
                                 {"existing", WriteMode::existing},
                                 {"overwrite", WriteMode::overwrite}}),
         "What clients may upload: nothing, new names only, names that are there only, or both. \"existing\" is about "
         "files that everybody on this machine may write, unless tftp.world_readable is \"off\"."},
        {"tftp.write.allow", live, subnets([](auto& c) -> auto& { return c.tftp.settings.write_allow; }),
         "Who may upload; empty: everybody."},
        {"tftp.write.deny", live, subnets([](auto& c) -> auto& { return c.tftp.settings.write_deny; }),
         "Who may not upload."},
        {"tftp.write.allow_names", live,
         texts([](auto& c) -> auto& { return c.tftp.settings.write.allow_names; }, "list of patterns"),
         "Names that may be uploaded; \"*\" in them is any text, \"?\" any byte."},
        {"tftp.write.deny_names", live,
         texts([](auto& c) -> auto& { return c.tftp.settings.write.deny_names; }, "list of patterns"),
         "Names that may not be uploaded."},
        {"tftp.write.mkdir", live, flag([](auto& c) -> auto& { return c.tftp.settings.write.make_folders; }),
         "Whether folders are made that a new name needs, no more than sixteen for one; they stay if the upload "
         "fails."},
        {"tftp.write.max_size", live, size([](auto& c) -> auto& { return c.tftp.settings.write.max_size; }),
         "The largest upload; 0 is no limit."},
        {"tftp.write.rate_per_transfer", live,
         rate([](auto& c) -> auto& { return c.tftp.settings.write.rate_per_transfer; }),
         "Bytes a second of each upload; 0 is no limit beside those of the server and its users. Where there is a "
         "limit, windows and blocks are granted no larger than what passes in a quarter of a second, or 512 bytes."},
        {"tftp.write.atomic", live, flag([](auto& c) -> auto& { return c.tftp.settings.write.atomic; }),
         "Whether an upload is seen under its name only when it is complete; until then the old file stays."},
        {"tftp.write.fsync", live, flag([](auto& c) -> auto& { return c.tftp.fsync; }),
         "Whether an upload to tftp.roots is on the disk (fsync) before it is called complete. In folders of users "
         "their own setting holds."},
        {"tftp.write.keep_partial", live, flag([](auto& c) -> auto& { return c.tftp.settings.write.keep_partial; }),
         "With tftp.write.atomic: what came of a broken upload stays as NAME.partial."},
        {"tftp.write.final_ack", live,
         words([](auto& c) -> auto& { return c.tftp.settings.write.ack_at_receipt; }, "after_publish", "at_receipt"),
         "When the client hears that its upload is complete."},
        {"tftp.write.file_mode", live, umask([](auto& c) -> auto& { return c.tftp.settings.write.file_mode; }),
         "Mode bits of new files, before filesystem.umask."},
        {"tftp.write.tsize_strict", live, flag([](auto& c) -> auto& { return c.tftp.settings.write.tsize_strict; }),
         "Whether an upload of another size than announced is dropped."},
        {"tftp.write.reorder_blocks", live,
         number([](auto& c) -> auto& { return c.tftp.settings.write.reorder_blocks; }, 0, 64),
         "How many blocks of a window may come too early before the client is told of a gap."},
    };
}

std::vector<ConfigKey> limit_keys() {
    return {
        {"tftp.limits.max_transfers", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.max_transfers; }, 0, most_count),
         "Transfers at the same time; 0 is no limit."},
        {"tftp.limits.max_per_ip", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.max_per_address; }, 0, most_count),
         "Transfers at the same time with one address, or a quarter of those with one /64 network of IPv6; 0 is no "
         "limit."},
        {"tftp.limits.requests_per_s", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.requests_per_second; }, 0, most_count),
         "Requests a second that are looked at; 0 is no limit."},
        {"tftp.limits.requests_per_s_ip", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.requests_per_second_address; }, 0, most_count),
         "The same for one address."},
        {"tftp.limits.unverified_per_ip", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.unverified_per_address; }, 0, most_count),
         "Transfers with one address whose client has given no sign of life since its request; 0 is no limit."},
        {"tftp.limits.unverified_per_s", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.unverified_per_second; }, 0, most_count),
         "Packets a second to such clients: whoever forges requests can turn no more than that on others; 0 is no "
         "limit."},
        {"tftp.limits.unverified_per_s_ip", live,
         number([](auto& c) -> auto& { return c.tftp.settings.limits.unverified_per_second_address; }, 0, most_count),
         "The same to one address."},
        {"tftp.limits.unverified_oack_repeats", live,
         number([](auto& c) -> auto& { return c.tftp.settings.timing.oack_repeats; }, 0, 20),
         "How often the answer to a request is repeated to a client that gives no sign of life."},
        {"tftp.limits.unverified_data_repeats", live,
         number([](auto& c) -> auto& { return c.tftp.settings.timing.data_repeats; }, 0, 20),
         "The same where the answer is a block of data."},
        {"tftp.cache.size", restart, size([](auto& c) -> auto& { return c.tftp.settings.cache_size; }),
         "Memory for pieces of files, so that many clients that fetch one file read it once."},
        {"tftp.cache.chunk", restart,
         size([](auto& c) -> auto& { return c.tftp.settings.cache_chunk; }, 65536, 16777216),
         "The size of such a piece."},
        {"tftp.cache.readahead_chunks", restart,
         number([](auto& c) -> auto& { return c.tftp.settings.cache_read_ahead; }, 0, 8),
         "How many pieces further on are read while one is sent, where reading has to wait for a disk."},
    };
}

}  // namespace

Result<std::optional<tftp::Span>> read_pace(const Value& value) {
    constexpr std::uint32_t most = 100'000;
    const auto* const text = std::get_if<std::string>(&value);
    if (text != nullptr && *text == "auto") return std::nullopt;
    if (text != nullptr && *text == "off") return tftp::Span(0);
    std::uint32_t micros = 0;
    if (text != nullptr && text->ends_with("us")) {
        const char* const end = text->data() + text->size() - 2;
        const auto [stop, error] = std::from_chars(text->data(), end, micros);
        if (error == std::errc() && stop == end && micros >= 1 && micros <= most) {
            return std::chrono::microseconds(micros);
        }
    }
    return fail(Code::invalid, "must be " + std::string(pace_words));
}

std::string show_pace(const std::optional<tftp::Span>& shown) {
    if (!shown) return toml_text("auto");
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(*shown).count();
    return toml_text(micros == 0 ? "off" : std::to_string(micros) + "us");
}

std::vector<ConfigKey> tftp_config_keys() {
    std::vector<ConfigKey> all;
    for (auto part : {service_keys, option_keys, timer_keys, tftp_name_config_keys, transfer_keys,
                      tftp_hook_config_keys, limit_keys}) {
        for (ConfigKey& key : part()) all.push_back(std::move(key));
    }
    return all;
}

}  // namespace wherry
