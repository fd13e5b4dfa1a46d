//! Go's words for what the operating system says. The C library's differ from them, and from each other.

use std::io;

use nix::errno::Errno;

/// Go's table of errors, `syscall/zerrors_linux_amd64.go`: what a connection can meet.
const WORDS: [(Errno, &str); 18] = [
    (Errno::ECONNREFUSED, "connection refused"),
    (Errno::ECONNRESET, "connection reset by peer"),
    (Errno::ECONNABORTED, "software caused connection abort"),
    (Errno::EPIPE, "broken pipe"),
    (Errno::ETIMEDOUT, "connection timed out"),
    (Errno::EHOSTUNREACH, "no route to host"),
    (Errno::ENETUNREACH, "network is unreachable"),
    (Errno::EHOSTDOWN, "host is down"),
    (Errno::ENETDOWN, "network is down"),
    (Errno::EADDRNOTAVAIL, "cannot assign requested address"),
    (Errno::EADDRINUSE, "address already in use"),
    (Errno::EACCES, "permission denied"),
    (Errno::EPERM, "operation not permitted"),
    (Errno::EINVAL, "invalid argument"),
    (Errno::EMFILE, "too many open files"),
    (Errno::ENFILE, "too many open files in system"),
    (Errno::EAFNOSUPPORT, "address family not supported by protocol"),
    (Errno::ENOBUFS, "no buffer space available"),
];

/// An error of the system, as Go words it.
pub(super) fn describe(error: &io::Error) -> String {
    let number = error.raw_os_error().map(Errno::from_raw);
    let known = WORDS.iter().find(|(errno, _)| Some(*errno) == number);
    known.map_or_else(|| error.to_string().to_lowercase(), |(_, words)| (*words).to_owned())
}

/// An error of a name lookup, as Go words it.
pub(super) fn describe_lookup(error: &io::Error) -> &'static str {
    let text = error.to_string();
    // "Try again" is musl's, the other glibc's.
    let is_passing = ["Try again", "Temporary failure"].iter().any(|words| text.contains(words));
    if is_passing { "server misbehaving" } else { "no such host" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_go() {
        for (errno, words) in [
            (Errno::ECONNREFUSED, "connection refused"),
            (Errno::EHOSTUNREACH, "no route to host"),
            (Errno::EADDRNOTAVAIL, "cannot assign requested address"),
        ] {
            assert_eq!(describe(&io::Error::from_raw_os_error(errno as i32)), words);
        }
        assert_eq!(describe(&io::Error::other("Odd")), "odd");
    }

    #[test]
    fn the_words_of_all_c_libraries_mean_the_same() {
        for (words, expected) in [
            ("failed to lookup address information: Name does not resolve", "no such host"),
            ("failed to lookup address information: Name or service not known", "no such host"),
            ("failed to lookup address information: Try again", "server misbehaving"),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                "server misbehaving",
            ),
        ] {
            assert_eq!(describe_lookup(&io::Error::other(words)), expected);
        }
    }
}
