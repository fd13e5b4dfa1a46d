//! What is asked of an HTTP server, and which answers count.

use std::str::FromStr;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

use super::status::StatusSet;
use super::url::{Url, UrlError};
use crate::network::options::{OptionError, Options};
use crate::network::target::TargetError;
use crate::network::trust::Trust;

/// A request, and what its answer must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Where it is sent.
    pub url: Url,
    /// Whom to believe, where it is sent over TLS.
    pub trust: Trust,
    /// `GET`, mostly.
    pub method: Method,
    /// Headers to send, or to send instead of ours.
    pub request_headers: Vec<(HeaderName, HeaderValue)>,
    /// The codes that count.
    pub status: StatusSet,
    /// Headers that the answer must have; with any value where none is given.
    pub headers: Vec<(HeaderName, Option<String>)>,
    /// Text that the answer's body must contain in its first 10 KiB.
    pub body: Option<String>,
}

// === impl Ask ===

impl Ask {
    pub(in crate::network) fn parse(
        is_secure: bool,
        rest: &str,
        options: &mut Options,
    ) -> Result<Self, TargetError> {
        let url = Url::parse(is_secure, rest).map_err(|error| match error {
            UrlError::Address(error) => error.into(),
            UrlError::Path => TargetError::Path,
        })?;
        let trust = if is_secure { Trust::take(options)? } else { Trust::default() };
        let ask = Self {
            url,
            trust,
            method: method(options)?,
            request_headers: options
                .take_all("request-header")
                .iter()
                .map(|text| request_header(text))
                .collect::<Result<_, _>>()?,
            status: match options.take("status")? {
                None => StatusSet::default(),
                Some(text) => text.parse().map_err(|()| {
                    OptionError::Value(
                        "status",
                        text,
                        "codes and ranges from 100 to 599, such as 200,204,300-399",
                    )
                })?,
            },
            headers: options
                .take_all("header")
                .iter()
                .map(|text| answer_header(text))
                .collect::<Result<_, _>>()?,
            body: options.take("body")?.filter(|text| !text.is_empty()),
        };
        if ask.method == Method::HEAD && ask.body.is_some() {
            return Err(
                OptionError::Together("body= never holds with method=HEAD, whose answers have none").into()
            );
        }
        Ok(ask)
    }
}

fn method(options: &mut Options) -> Result<Method, OptionError> {
    let Some(text) = options.take("method")? else { return Ok(Method::GET) };
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
    // CONNECT makes a tunnel of the connection.
    let method = Method::from_str(&text).ok().filter(|method| is_plain && method != Method::CONNECT);
    method.ok_or(OptionError::Value("method", text, "a method such as GET, HEAD or POST"))
}

fn request_header(text: &str) -> Result<(HeaderName, HeaderValue), OptionError> {
    const EXPECTED: OptionError = OptionError::Hidden("request-header", "request-header=NAME:VALUE");
    let (name, value) = text.split_once(':').ok_or(EXPECTED)?;
    let name: HeaderName = name.trim().parse().map_err(|_| EXPECTED)?;
    if ["connection", "content-length", "transfer-encoding", "upgrade"].contains(&name.as_str()) {
        return Err(OptionError::Hidden(
            "request-header",
            "a header that says nothing about the connection or the body, which are not yours to set",
        ));
    }
    let mut value: HeaderValue = value.trim().parse().map_err(|_| EXPECTED)?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn answer_header(text: &str) -> Result<(HeaderName, Option<String>), OptionError> {
    let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
    let name =
        name.trim().parse().map_err(|_| OptionError::Hidden("header", "header=NAME:VALUE or header=NAME"))?;
    Ok((name, value.map(|value| value.trim().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(fragment: &str) -> Result<Ask, String> {
        let mut options = Options::parse(fragment).unwrap();
        Ask::parse(false, "api:8080/ready", &mut options).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_it_is_the_kubelets_probe() {
        let ask = ask("").unwrap();
        assert_eq!((ask.method, ask.status), (Method::GET, StatusSet::default()));
        assert!(ask.headers.is_empty() && ask.request_headers.is_empty() && ask.body.is_none());
    }

    #[test]
    fn options_say_what_to_send_and_what_to_look_for() {
        let fragment =
            "method=HEAD&status=200,204&header=X-Ready:yes: sir&header=ETag&request-header=Host:shop:80";
        let ask = ask(fragment).unwrap();
        assert_eq!(ask.method, Method::HEAD);
        assert_eq!(ask.status.to_string(), "200,204");
        let name = HeaderName::from_static;
        assert_eq!(ask.headers, [(name("x-ready"), Some("yes: sir".into())), (name("etag"), None)]);
        assert_eq!(ask.request_headers, [(name("host"), HeaderValue::from_static("shop:80"))]);
    }

    #[test]
    fn a_secret_header_is_not_repeated_anywhere() {
        let debug = format!("{:?}", ask("request-header=Authorization:Bearer hunter2").unwrap());
        assert!(!debug.contains("hunter2"), "{debug}");
        for text in ["request-header=hunter2", "request-header=A:hunter2%0d%0aX:y"] {
            let error = ask(text).unwrap_err();
            assert_eq!(error, "request-header: write request-header=NAME:VALUE");
        }
    }

    #[test]
    fn a_mistake_names_the_key_and_what_to_write() {
        for (fragment, part) in [
            ("status=2xx", "status=2xx: write codes and ranges from 100 to 599"),
            ("method=get", "method=get: write a method such as GET"),
            ("method=CONNECT", "method=CONNECT: write a method"),
            ("header=a b:c", "header: write header=NAME:VALUE or header=NAME"),
            ("method=HEAD&body=ok", "body= never holds with method=HEAD"),
            ("request-header=Content-Length:5", "request-header: write a header that says nothing about"),
        ] {
            let error = ask(fragment).unwrap_err();
            assert!(error.contains(part), "{fragment}: {error}");
        }
    }
}
