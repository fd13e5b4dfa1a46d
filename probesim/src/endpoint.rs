//! The endpoints that can be told to fail.

/// An endpoint with a plan of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/liveness`
    Liveness,
    /// `/readiness`
    Readiness,
    /// `/startup`
    Startup,
    /// `/dependency`
    Dependency,
    /// Every other path.
    Http,
    /// The gRPC health service for the whole server, service "".
    Grpc,
    /// The TCP port.
    Tcp,
    /// A named dependency or gRPC service: its place in [`Endpoints`].
    Named(u16),
}

/// The endpoints of one server: those that all have, and the named ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    names: Vec<Box<str>>,
}

// === impl Endpoint ===

impl Endpoint {
    /// Those that every server has.
    pub const FIXED: [Self; 7] =
        [Self::Liveness, Self::Readiness, Self::Startup, Self::Dependency, Self::Http, Self::Grpc, Self::Tcp];

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

    /// Its place in a table. Those of the fixed ones select streams of random draws, so they must never
    /// change.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Liveness => 0,
            Self::Readiness => 1,
            Self::Startup => 2,
            Self::Dependency => 3,
            Self::Http => 4,
            Self::Grpc => 5,
            Self::Tcp => 6,
            Self::Named(place) => Self::FIXED.len() + usize::from(place),
        }
    }
}

// === impl Endpoints ===

impl Endpoints {
    /// The fixed ones, and `/dependency/NAME` and `grpc/SERVICE` for each of these names.
    pub fn new(
        dependencies: impl IntoIterator<Item = String>,
        grpc_services: impl IntoIterator<Item = String>,
    ) -> Self {
        let fixed = ["liveness", "readiness", "startup", "dependency", "http", "grpc", "tcp"];
        let dependencies = dependencies.into_iter().map(|name| format!("dependency/{name}"));
        let services = grpc_services.into_iter().map(|name| format!("grpc/{name}"));
        let fixed = fixed.into_iter().map(String::from);
        Self { names: fixed.chain(dependencies).chain(services).map(Into::into).collect() }
    }

    /// All of them, in the order of their indices.
    pub fn all(&self) -> impl Iterator<Item = Endpoint> + use<> {
        let named = u16::try_from(self.names.len() - Endpoint::FIXED.len()).unwrap_or(u16::MAX);
        Endpoint::FIXED.into_iter().chain((0..named).map(Endpoint::Named))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Its name in plans, logs and metrics.
    #[must_use]
    pub fn name(&self, endpoint: Endpoint) -> &str {
        self.names.get(endpoint.index()).map_or("?", |name| name)
    }

    /// The endpoint of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Endpoint> {
        self.all().find(|endpoint| self.name(*endpoint) == name)
    }

    /// The endpoint that answers at this path.
    #[must_use]
    pub fn at(&self, path: &str) -> Endpoint {
        let named = || {
            let name = path.strip_prefix('/').filter(|name| name.starts_with("dependency/"))?;
            self.named(name)
        };
        Endpoint::at(path).or_else(named).unwrap_or(Endpoint::Http)
    }
}

impl Default for Endpoints {
    /// Only those that every server has.
    fn default() -> Self {
        Self::new([], [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints() -> Endpoints {
        Endpoints::new(["db".to_owned(), "cache".to_owned()], ["orders".to_owned()])
    }

    #[test]
    fn only_exact_paths_are_endpoints() {
        let endpoints = endpoints();
        assert_eq!(endpoints.at("/liveness"), Endpoint::Liveness);
        assert_eq!(endpoints.at("/readyz"), Endpoint::Readiness);
        assert_eq!(endpoints.at("/dependency/cache"), Endpoint::Named(1));
        for path in
            ["/", "", "/liveness/", "/Liveness", "//liveness", "/dependency/x", "/grpc/orders", "/tcp"]
        {
            assert_eq!(endpoints.at(path), Endpoint::Http, "{path}");
        }
    }

    #[test]
    fn names_lead_back_to_their_endpoints() {
        let endpoints = endpoints();
        assert_eq!(endpoints.count(), 10);
        for (place, endpoint) in endpoints.all().enumerate() {
            assert_eq!(endpoint.index(), place);
            assert_eq!(endpoints.named(endpoints.name(endpoint)), Some(endpoint));
        }
        assert_eq!(endpoints.name(Endpoint::Named(2)), "grpc/orders");
    }
}
