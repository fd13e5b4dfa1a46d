//! HPACK, as Go writes it and as anybody may: <https://www.rfc-editor.org/rfc/rfc7541>.

use crate::huffman;

/// A header field.
pub type Field = (String, String);

/// <https://www.rfc-editor.org/rfc/rfc7541#appendix-A>
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];
/// What a field takes up beside its text.
const OVERHEAD: usize = 32;
/// The size of the table, which neither side changes but by an update.
const TABLE_SIZE: usize = 4096;

/// Why a block is no header list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no HPACK; the connection is of no use then.
    Malformed,
    /// It is longer than it may be.
    TooLong,
}

/// The fields that were sent before, the last one first.
#[derive(Clone, Debug)]
pub struct Table {
    fields: Vec<Field>,
    limit: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Table ===

impl Table {
    /// One that is empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { fields: Vec::new(), limit: TABLE_SIZE }
    }

    fn insert(&mut self, field: Field) {
        self.fields.insert(0, field);
        self.evict();
    }

    fn evict(&mut self) {
        let mut size = 0;
        let mut fits = |(name, value): &Field| {
            size += name.len() + value.len() + OVERHEAD;
            size <= self.limit
        };
        let kept = self.fields.iter().take_while(|field| fits(field)).count();
        self.fields.truncate(kept);
    }

    fn get(&self, index: usize) -> Option<Field> {
        match index.checked_sub(1)? {
            index if index < STATIC.len() => {
                let (name, value) = STATIC[index];
                Some((name.to_owned(), value.to_owned()))
            }
            index => self.fields.get(index - STATIC.len()).cloned(),
        }
    }

    /// Writes fields as Go's encoder does.
    #[must_use]
    pub fn encode(&mut self, fields: &[Field]) -> Vec<u8> {
        let mut block = vec![];
        for (name, value) in fields {
            let own = |own: Option<usize>| own.map(|at| at + STATIC.len() + 1);
            let whole = STATIC.iter().position(|known| *known == (name, value)).map(|at| at + 1);
            let whole = whole
                .or_else(|| own(self.fields.iter().position(|known| known.0 == *name && known.1 == *value)));
            if let Some(index) = whole {
                push_number(&mut block, 0x80, 7, index);
                continue;
            }
            let known = STATIC.iter().rposition(|known| known.0 == name).map(|at| at + 1);
            let known = known.or_else(|| own(self.fields.iter().position(|known| known.0 == *name)));
            // What does not fit is not kept.
            let fits = name.len() + value.len() + OVERHEAD <= self.limit;
            let (kind, bits) = if fits { (0x40, 6) } else { (0, 4) };
            push_number(&mut block, kind, bits, known.unwrap_or(0));
            if known.is_none() {
                push_text(&mut block, name);
            }
            push_text(&mut block, value);
            if fits {
                self.insert((name.clone(), value.clone()));
            }
        }
        block
    }

    /// Reads fields, which may take up so many bytes with 32 for each: a block that repeats what was sent before
    /// may stand for a thousand times its length.
    ///
    /// # Errors
    /// Where it is none, or longer than that; a long one is read to its end, since later ones build upon it.
    pub fn decode(&mut self, block: &[u8], limit: usize) -> Result<Vec<Field>, Unreadable> {
        let mut fields = vec![];
        let mut size = 0;
        let mut keep = |field: Field| {
            size += field.0.len() + field.1.len() + OVERHEAD;
            if size <= limit {
                fields.push(field);
            }
        };
        self.read(block, &mut keep).ok_or(Unreadable::Malformed)?;
        if size <= limit { Ok(fields) } else { Err(Unreadable::TooLong) }
    }

    fn read(&mut self, mut block: &[u8], keep: &mut impl FnMut(Field)) -> Option<()> {
        while let Some(&first) = block.first() {
            let bits = match first {
                0x80.. => 7,
                0x40.. => 6,
                0x20.. => 5,
                _ => 4,
            };
            let number = take_number(&mut block, bits)?;
            match bits {
                7 => keep(self.get(number)?),
                5 => {
                    self.limit = Some(number).filter(|&limit| limit <= TABLE_SIZE)?;
                    self.evict();
                }
                _ => {
                    let name = if number == 0 { take_text(&mut block)? } else { self.get(number)?.0 };
                    let field = (name, take_text(&mut block)?);
                    if bits == 6 {
                        self.insert(field.clone());
                    }
                    keep(field);
                }
            }
        }
        Some(())
    }
}

fn push_number(block: &mut Vec<u8>, kind: u8, bits: u8, number: usize) {
    let most = (1 << bits) - 1;
    if number < most {
        block.push(kind | number as u8);
        return;
    }
    block.push(kind | most as u8);
    let mut rest = number - most;
    while rest >= 0x80 {
        block.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
}

fn push_text(block: &mut Vec<u8>, text: &str) {
    let length = huffman::length(text.as_bytes());
    if length < text.len() {
        push_number(block, 0x80, 7, length);
        huffman::encode(text.as_bytes(), block);
    } else {
        push_number(block, 0, 7, text.len());
        block.extend_from_slice(text.as_bytes());
    }
}

fn take_number(block: &mut &[u8], bits: u8) -> Option<usize> {
    let most = (1_usize << bits) - 1;
    let (first, mut rest) = block.split_first()?;
    let mut number = usize::from(*first) & most;
    if number == most {
        for shift in (0..).step_by(7) {
            let (next, after) = rest.split_first()?;
            rest = after;
            // No length here needs more.
            number += usize::from(next & 0x7f).checked_shl(shift).filter(|_| shift <= 21)?;
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    *block = rest;
    Some(number)
}

fn take_text(block: &mut &[u8]) -> Option<String> {
    let is_huffman = block.first()? & 0x80 != 0;
    let length = take_number(block, 7)?;
    let (text, rest) = block.split_at_checked(length)?;
    *block = rest;
    let text = if is_huffman { huffman::decode(text)? } else { text.to_vec() };
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> Vec<Field> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// As grpc-go 1.81.1 was seen to send it.
    #[test]
    fn fields_are_written_as_go_does() {
        let sent = fields(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/grpc.health.v1.Health/Check"),
            (":authority", "127.0.0.1:18999"),
            ("content-type", "application/grpc"),
            ("user-agent", "kube-probe/1.36 grpc-go/1.81.1"),
            ("te", "trailers"),
            ("grpc-timeout", "998996u"),
        ]);
        let block = b"\x83\x86E\x95bk+\"\xf3\x94t&u\xfb\x85|e\x1d\t\x9d\x8b\xd3\x94\x9d\x7fA\x8b\x08\x9d\\\x0b\x81p\xdc\x0b\xcf\xbe\xff\
            _\x8b\x1du\xd0b\r&=LMedz\x96\xebleZ\xbb\x0f\x19X\n\xec\xb8\xa4\xd6VE\xa6;\x01]\xe0\xae\x1f@\x02te\x86M\x835\x05\xb1\x1f@\
            \x89\x9a\xca\xc8\xb2MIOj\x7f\x86}\xf7\x9f}\xcb\x7f";
        assert_eq!(Table::new().encode(&sent).escape_ascii().to_string(), block.escape_ascii().to_string());
        assert_eq!(Table::new().decode(block, usize::MAX), Ok(sent));
    }

    /// <https://www.rfc-editor.org/rfc/rfc7541#appendix-C.5>, but with a table of the usual size.
    #[test]
    fn what_was_sent_before_is_known() {
        let mut table = Table::new();
        let first = fields(&[(":status", "302"), ("cache-control", "private"), ("x-a", "1")]);
        let mut encoder = Table::new();
        assert_eq!(table.decode(&encoder.encode(&first), usize::MAX), Ok(first.clone()));
        let block = encoder.encode(&first);
        assert_eq!(block, b"\xc0\xbf\xbe");
        assert_eq!(table.decode(&block, usize::MAX), Ok(first));
        // An update of the size empties the table.
        assert_eq!(table.decode(b"\x20\xbe", usize::MAX), Err(Unreadable::Malformed));
    }

    #[test]
    fn a_long_list_is_not_kept_but_what_it_says_is_known() {
        let mut table = Table::new();
        let first = fields(&[("x-a", "1")]);
        let block = [Table::new().encode(&first), b"\xbe".repeat(10_000)].concat();
        assert_eq!(table.decode(&block, 1000), Err(Unreadable::TooLong));
        assert_eq!(table.decode(b"\xbe", 1000), Ok(first));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for block in [
            &b"\x80"[..],
            b"\xff",
            b"\xbe",
            b"\x40",
            b"\x40\x05ab",
            b"\x3f\xff\xff\xff\xff\xff\x01",
            b"\x40\x84\xff\xff\xff\xff\x00",
        ] {
            assert_eq!(Table::new().decode(block, usize::MAX), Err(Unreadable::Malformed), "{block:?}");
        }
    }
}
