//! A request over HTTP/2, where the server has chosen that.

use hyper::Method;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TE};
use wire::hpack::Field;

use super::redirect::Hop;
use crate::network::h2::{Bytes, NoAnswer, Stream, last};
use crate::verdict::Finding;

/// What belongs to a connection and not to a request: <https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2>
const OF_CONNECTIONS: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Sends a request, and reads the head of the answer.
pub(super) async fn exchange(
    io: Box<dyn Bytes>,
    hop: &Hop,
    headers: &HeaderMap,
) -> Result<(u16, HeaderMap, Stream), NoAnswer> {
    let mut stream = Stream::open(io, &fields(hop, headers), None).await?;
    let fields = stream.head().await?;
    let (status, headers) = head(&fields)
        .ok_or_else(|| NoAnswer::Because(Finding::because("the answer is not HTTP/2", "it has no status")))?;
    Ok((status, headers, stream))
}

fn fields(hop: &Hop, headers: &HeaderMap) -> Vec<Field> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let host = headers.get(HOST).map_or_else(|| hop.url.host_header(), text);
    let mut fields: Vec<Field> = vec![
        (":method".into(), hop.method.to_string()),
        (":scheme".into(), "https".into()),
        (":authority".into(), host),
        (":path".into(), hop.url.path.to_string()),
    ];
    let is_allowed = |name: &HeaderName, value: &HeaderValue| {
        name != HOST && !OF_CONNECTIONS.contains(&name.as_str()) && (name != TE || value == "trailers")
    };
    let allowed = headers.iter().filter(|(name, value)| is_allowed(name, value));
    fields.extend(allowed.map(|(name, value)| (name.as_str().to_owned(), text(value))));
    if [Method::POST, Method::PUT, Method::PATCH].contains(&hop.method) {
        fields.push((CONTENT_LENGTH.as_str().to_owned(), "0".into()));
    }
    fields
}

fn head(fields: &[Field]) -> Option<(u16, HeaderMap)> {
    let status = last(fields, ":status")?;
    let is_plain = status.len() == 3 && status.bytes().all(|digit| digit.is_ascii_digit());
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with(':')) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.try_append(name, value).ok()?;
        }
    }
    is_plain.then_some((status.parse().ok()?, headers))
}

#[cfg(test)]
mod tests {
    use super::super::ask::Ask;
    use super::*;
    use crate::network::options::Options;

    fn hop(fragment: &str) -> Hop {
        Hop::first(&Ask::parse(true, "api/ready?x=1", &mut Options::parse(fragment).unwrap()).unwrap())
    }

    fn owned(fields: &[(&str, &str)]) -> Vec<Field> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_request_has_no_headers_of_the_connection() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("accept", "*/*"),
            ("keep-alive", "5"),
            ("te", "gzip"),
            ("host", "shop"),
            ("x-a", "1"),
            ("x-a", "2"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let expected = [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "shop"),
            (":path", "/ready?x=1"),
            ("accept", "*/*"),
            ("x-a", "1"),
            ("x-a", "2"),
        ];
        assert_eq!(fields(&hop(""), &headers), owned(&expected));
        let posted = fields(&hop("method=POST"), &HeaderMap::new());
        assert_eq!(
            posted[2..],
            owned(&[(":authority", "api"), (":path", "/ready?x=1"), ("content-length", "0")])
        );
    }

    #[test]
    fn an_answer_has_a_status_of_three_digits() {
        let (status, headers) =
            head(&owned(&[(":status", "302"), ("location", "/x"), ("a", "1"), ("a", "2")])).unwrap();
        assert_eq!((status, headers.len(), &headers["location"]), (302, 3, &HeaderValue::from_static("/x")));
        for fields in
            [&[("a", "1")][..], &[(":status", "+20")], &[(":status", "2000")], &[(":status", "ok!")]]
        {
            assert!(head(&owned(fields)).is_none(), "{fields:?}");
        }
    }
}
