//! What a request of the admin port asks for.

use hyper::Method;

use super::dashboard::{self, File};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Index,
    /// A file of the page.
    Page(File),
    Metrics,
    State,
    Events,
    Faults,
    /// A change of the live faults; of one endpoint, if it is named.
    Change(Change, Option<String>),
    Reset,
    /// The process is to end.
    Exit,
}

/// How the live faults are to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// These instead.
    Put,
    /// These too; those of the same name are replaced.
    Patch,
    /// None.
    Delete,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoute {
    NotFound,
    /// Only these methods.
    Not(&'static str),
}

// === impl Route ===

impl Route {
    /// The route of a method and a path.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, NoRoute> {
        let get = |route: Self| match *method {
            Method::GET | Method::HEAD => Ok(route),
            _ => Err(NoRoute::Not("GET, HEAD")),
        };
        if let Some(file) = dashboard::file(path) {
            return get(Self::Page(file));
        }
        match path {
            "/" => get(Self::Index),
            "/metrics" => get(Self::Metrics),
            "/state" => get(Self::State),
            "/events" => get(Self::Events),
            "/reset" if method == Method::POST => Ok(Self::Reset),
            "/exit" if method == Method::POST => Ok(Self::Exit),
            "/reset" | "/exit" => Err(NoRoute::Not("POST")),
            _ => {
                let rest = path.strip_prefix("/faults").ok_or(NoRoute::NotFound)?;
                let endpoint = match rest.strip_prefix('/') {
                    Some("") => None,
                    Some(endpoint) => Some(endpoint.to_owned()),
                    None if rest.is_empty() => None,
                    None => return Err(NoRoute::NotFound),
                };
                let change = match *method {
                    Method::PUT => Change::Put,
                    Method::PATCH => Change::Patch,
                    Method::DELETE => Change::Delete,
                    Method::GET | Method::HEAD if endpoint.is_none() => return Ok(Self::Faults),
                    _ if endpoint.is_none() => return Err(NoRoute::Not("GET, HEAD, PUT, PATCH, DELETE")),
                    _ => return Err(NoRoute::Not("PUT, PATCH, DELETE")),
                };
                Ok(Self::Change(change, endpoint))
            }
        }
    }

    /// The name in `DELETE /faults?name=NAME`.
    pub(super) fn name(query: &str) -> Result<String, &'static str> {
        let name = query.strip_prefix("name=").and_then(decoded).filter(|name| !name.is_empty());
        name.ok_or("the query: expected ?name=NAME, percent-encoded")
    }

    /// Whether it changes anything.
    pub(super) fn is_change(&self) -> bool {
        matches!(self, Self::Change(..) | Self::Reset | Self::Exit)
    }
}

/// Without its percent-encoding: <https://url.spec.whatwg.org/#percent-decode>.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = vec![];
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
                u8::try_from(digits[0]? * 16 + digits[1]?).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_lead_to_routes() {
        let endpoint = |name: &str| Some(name.to_owned());
        for (method, path, expected) in [
            (Method::GET, "/metrics", Ok(Route::Metrics)),
            (Method::HEAD, "/state", Ok(Route::State)),
            (Method::GET, "/faults", Ok(Route::Faults)),
            (Method::PUT, "/faults", Ok(Route::Change(Change::Put, None))),
            (Method::PATCH, "/faults/", Ok(Route::Change(Change::Patch, None))),
            (Method::PUT, "/faults/readiness", Ok(Route::Change(Change::Put, endpoint("readiness")))),
            (
                Method::DELETE,
                "/faults/network/tcp",
                Ok(Route::Change(Change::Delete, endpoint("network/tcp"))),
            ),
            (Method::POST, "/reset", Ok(Route::Reset)),
            (Method::POST, "/exit", Ok(Route::Exit)),
            (Method::GET, "/exit", Err(NoRoute::Not("POST"))),
            (Method::GET, "/reset", Err(NoRoute::Not("POST"))),
            (Method::POST, "/faults", Err(NoRoute::Not("GET, HEAD, PUT, PATCH, DELETE"))),
            (Method::GET, "/faults/tcp", Err(NoRoute::Not("PUT, PATCH, DELETE"))),
            (Method::DELETE, "/metrics", Err(NoRoute::Not("GET, HEAD"))),
            (Method::GET, "/faultsx", Err(NoRoute::NotFound)),
            (Method::POST, "/dashboard", Err(NoRoute::Not("GET, HEAD"))),
            (Method::GET, "/dashboard.html", Err(NoRoute::NotFound)),
            (Method::GET, "/liveness", Err(NoRoute::NotFound)),
        ] {
            assert_eq!(Route::of(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_query_names_one_fault_or_is_wrong() {
        for (query, name) in [("name=live-1-1", "live-1-1"), ("name=a%20b%26%C3%A9+", "a b&é+")] {
            assert_eq!(Route::name(query), Ok(name.to_owned()));
        }
        for wrong in ["", "name=", "nam=x", "name=%4", "name=%zz", "name=%ff", "all"] {
            assert!(Route::name(wrong).is_err(), "{wrong}");
        }
    }
}
