//! The endpoints that can be told to fail.

/// An endpoint with a plan of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/liveness`
    Liveness,
    /// `/readiness`
    Readiness,
    /// `/startup`
    Startup,
    /// `/dependency`
    Dependency,
}

// === impl Endpoint ===

impl Endpoint {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// The endpoint at exactly this path; Kubernetes's own names for its components' endpoints are aliases.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/liveness" | "/livez" => Some(Self::Liveness),
            "/readiness" | "/readyz" => Some(Self::Readiness),
            "/startup" | "/startupz" => Some(Self::Startup),
            "/dependency" => Some(Self::Dependency),
            _ => None,
        }
    }

    /// A number below [`Endpoint::COUNT`]. It selects the stream of random draws, so it must never change.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Liveness => 0,
            Self::Readiness => 1,
            Self::Startup => 2,
            Self::Dependency => 3,
        }
    }

    /// Its name in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Startup => "startup",
            Self::Dependency => "dependency",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_paths_are_endpoints() {
        assert_eq!(Endpoint::at("/liveness"), Some(Endpoint::Liveness));
        assert_eq!(Endpoint::at("/readyz"), Some(Endpoint::Readiness));
        for path in ["/", "", "/liveness/", "/Liveness", "//liveness", "/dependency/db", "/livenes"] {
            assert_eq!(Endpoint::at(path), None, "{path}");
        }
    }

    #[test]
    fn indices_are_distinct_and_in_range() {
        let all = [Endpoint::Liveness, Endpoint::Readiness, Endpoint::Startup, Endpoint::Dependency];
        assert_eq!(all.map(Endpoint::index), [0, 1, 2, 3]);
        assert_eq!(all.len(), Endpoint::COUNT);
    }
}
