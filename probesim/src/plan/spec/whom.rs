//! Whom, as it is written.

use hyper::header::HeaderName;

use super::header_name;
use crate::plan::whom::{Caller, PathPattern, Whom};
use crate::value;
use crate::yaml::{Content, Fields, Reader};

pub(super) fn whom(reader: &mut Reader, fields: &Fields<'_>) -> Whom {
    let caller = |text: &str| match text {
        "probes" => Ok(Caller::Probe),
        "others" => Ok(Caller::Other),
        _ => Err("expected probes or others"),
    };
    let path = |text: &str| PathPattern::new(text).ok_or("expected /exact or /begin*");
    Whom {
        callers: reader.read(fields, "callers", caller),
        headers: whom_headers(reader, fields),
        path: reader.read(fields, "path", path),
        share: reader.read(fields, "share", value::rate),
    }
}

fn whom_headers(reader: &mut Reader, fields: &Fields<'_>) -> Vec<(HeaderName, Option<String>)> {
    let Some(node) = fields.get("header") else { return vec![] };
    let path = fields.path_of("header");
    let Content::Map(entries) = &node.content else {
        return reader.scalar(node, &path, header_name).map(|name| (name, None)).into_iter().collect();
    };
    let mut headers = vec![];
    for (key, line, value) in entries {
        match header_name(key) {
            Ok(name) if value.content == Content::Null => headers.push((name, None)),
            Ok(name) => {
                headers.extend(reader.scalar(value, &path, value::text).map(|value| (name, Some(value))));
            }
            Err(why) => reader.refuse(*line, &path, why),
        }
    }
    headers
}
