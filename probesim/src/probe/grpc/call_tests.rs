//! Ends of calls.

use super::*;

const OK: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

fn headers(fields: &[(&str, &str)], ends: bool) -> Result<Event, Ended> {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Event::Headers { fields, ends })
}

fn data(bytes: &[u8], ends: bool) -> Result<Event, Ended> {
    Ok(Event::Data { bytes: bytes.to_vec(), ends })
}

fn done(events: Vec<Result<Event, Ended>>) -> String {
    let mut call = Call::default();
    match events.into_iter().find_map(|event| call.take(event)) {
        None => "nothing".into(),
        Some(Done::Answered(number)) => number.to_string(),
        Some(Done::Ended(status)) => status.to_string().replacen("rpc error: code = ", "", 1),
        Some(Done::Unprocessed(status)) => format!("again: {}", status.message),
    }
}

#[test]
fn a_message_with_a_good_status_is_an_answer() {
    let trailers = || headers(&[("grpc-status", "0")], true);
    let serving = &b"\0\0\0\0\x02\x08\x01"[..];
    assert_eq!(done(vec![headers(OK, false), data(serving, false), trailers()]), "1");
    assert_eq!(
        done(vec![headers(OK, false), data(&serving[..3], false), data(&serving[3..], false), trailers()]),
        "1"
    );
    for (bytes, expected) in [
        (
            &b""[..],
            "Internal desc = cardinality violation: received no response message from non-server-streaming RPC",
        ),
        (b"\0\0\0\0\0", "0"),
        (
            b"\0\0\0",
            "Internal desc = cardinality violation: received no response message from non-server-streaming RPC",
        ),
        (b"\0\0\0\0\x02\x08", "Internal desc = unexpected EOF"),
        (
            b"\x01\0\0\0\x02\x08\x01",
            "Internal desc = grpc: compressed flag set with identity or empty encoding",
        ),
        (b"\x07\0\0\0\x02\x08\x01", "Internal desc = grpc: received unexpected payload format 7"),
        (
            b"\0\x40\0\x01\0",
            "ResourceExhausted desc = grpc: received message larger than max (1073742080 vs. 4194304)",
        ),
    ] {
        assert_eq!(done(vec![headers(OK, false), data(bytes, false), trailers()]), expected, "{bytes:?}");
    }
}

#[test]
fn a_status_has_grpc_gos_words() {
    for (fields, expected) in [
        (
            &[("grpc-status", "5"), ("grpc-message", "unknown%20service")][..],
            "NotFound desc = unknown service",
        ),
        (
            &[("grpc-status", "x")],
            "Unknown desc = transport: malformed grpc-status: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        (&[], "Unknown desc = "),
    ] {
        let fields = [OK, fields].concat();
        assert_eq!(done(vec![headers(&fields, true)]), expected);
    }
}

#[test]
fn somebody_who_does_not_speak_grpc_is_found_out() {
    for (fields, expected) in [
        (
            &[(":status", "404"), ("content-type", "text/html")][..],
            "Unimplemented desc = unexpected HTTP status code received from server: 404 (Not Found); transport: received unexpected content-type \"text/html\"",
        ),
        (
            &[(":status", "503")],
            "Unavailable desc = unexpected HTTP status code received from server: 503 (Service Unavailable); malformed header: missing HTTP content-type",
        ),
        (
            &[],
            "Internal desc = malformed header: missing HTTP status; malformed header: missing HTTP content-type",
        ),
    ] {
        assert_eq!(done(vec![headers(fields, false)]), expected);
    }
    let hint = headers(&[(":status", "103")], false);
    assert_eq!(
        done(vec![hint, headers(OK, false), data(b"", true)]),
        "Internal desc = server closed the stream without sending trailers"
    );
}

#[test]
fn a_stream_may_break_off() {
    let goodbye = |last_stream| Ok(Event::GoAway { last_stream, code: 2, debug: b"bye".to_vec() });
    for (event, expected) in [
        (Err(Ended::Closed), "Unavailable desc = error reading from server: EOF"),
        (
            Ok(Event::Reset(2)),
            "Internal desc = stream terminated by RST_STREAM with error code: INTERNAL_ERROR",
        ),
        (Ok(Event::Reset(8)), "Canceled desc = stream terminated by RST_STREAM with error code: CANCEL"),
        (Ok(Event::Reset(7)), "again: stream terminated by RST_STREAM with error code: REFUSED_STREAM"),
        (goodbye(0), "again: the connection is draining"),
    ] {
        assert_eq!(done(vec![Ok(Event::Settings), headers(OK, false), event]), expected);
    }
    assert_eq!(
        done(vec![goodbye(1), Err(Ended::Closed)]),
        "Unavailable desc = closing transport due to: connection error: desc = \"error reading from server: EOF\", \
         received prior goaway: code: INTERNAL_ERROR, debug data: \"bye\""
    );
}
