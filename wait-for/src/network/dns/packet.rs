//! A question to a DNS server, and what its answer holds: <https://www.rfc-editor.org/rfc/rfc1035#section-4>

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype};

use crate::network::target::Record;

/// What a server may send over UDP: <https://www.dnsflagday.net/2020/>
const UDP_PAYLOAD: u16 = 1232;

/// What a server says of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// So many records of the type.
    Records(usize),
    /// There is no such name.
    NoName,
    /// The server did not do its work; the code says why.
    Failed(&'static str),
    /// It does not fit a UDP packet.
    Truncated,
}

/// The packet with a question; none where the name is too long.
pub(super) fn question(id: u16, name: &str, record: Record) -> Option<Vec<u8>> {
    let name: Name<Vec<u8>> = name.parse().ok()?;
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_id(id);
    message.header_mut().set_rd(true);
    let mut message = message.question();
    message.push((name, rtype(record))).ok()?;
    let mut message = message.additional();
    message
        .opt(|opt| {
            opt.set_udp_payload_size(UDP_PAYLOAD);
            Ok(())
        })
        .ok()?;
    Some(message.finish())
}

/// Reads the answer to a question; none where the packet is something else.
pub(super) fn answer(packet: &[u8], question: &[u8], record: Record) -> Option<Answer> {
    let message = Message::from_octets(packet).ok()?;
    if !message.is_answer(&Message::from_octets(question).ok()?) {
        return None;
    }
    let header = message.header();
    if header.tc() {
        return Some(Answer::Truncated);
    }
    Some(match header.rcode() {
        Rcode::NOERROR => {
            let mut count = 0;
            for found in message.answer().ok()? {
                // An alias comes along with what it stands for.
                count += usize::from(found.ok()?.rtype() == rtype(record));
            }
            Answer::Records(count)
        }
        Rcode::NXDOMAIN => Answer::NoName,
        Rcode::SERVFAIL => Answer::Failed("SERVFAIL"),
        Rcode::REFUSED => Answer::Failed("REFUSED"),
        Rcode::NOTIMP => Answer::Failed("NOTIMP"),
        Rcode::FORMERR => Answer::Failed("FORMERR"),
        _ => Answer::Failed("an error"),
    })
}

fn rtype(record: Record) -> Rtype {
    match record {
        Record::A => Rtype::A,
        Record::Aaaa => Rtype::AAAA,
        Record::Srv => Rtype::SRV,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_packet_as_every_server_knows_it() {
        let packet = question(0x1234, "_pg._tcp.db.", Record::Srv).unwrap();
        let expected = [
            &b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\x01"[..],
            b"\x03_pg\x04_tcp\x02db\0\0\x21\0\x01",
            b"\0\0\x29\x04\xd0\0\0\0\0\0\0",
        ];
        assert_eq!(packet, expected.concat());
        assert_eq!(question(1, &format!("{}.", "a".repeat(64)), Record::A), None);
    }

    /// An answer to a question for the A records of `db.`.
    fn answered(flags: u16, records: &[&[u8]]) -> Option<Answer> {
        let asked = question(7, "db.", Record::A).unwrap();
        let mut packet = vec![0, 7];
        packet.extend_from_slice(&flags.to_be_bytes());
        packet.extend_from_slice(&[0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
        packet.extend_from_slice(b"\x02db\0\0\x01\0\x01");
        records.iter().for_each(|record| packet.extend_from_slice(record));
        answer(&packet, &asked, Record::A)
    }

    #[test]
    fn records_of_the_type_are_counted_and_aliases_are_not() {
        const ADDRESS: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04\x0a\0\0\x05";
        const ALIAS: &[u8] = b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x04\x02pg\0";
        assert_eq!(answered(0x8180, &[ALIAS, ADDRESS, ADDRESS]), Some(Answer::Records(2)));
        assert_eq!(answered(0x8180, &[ALIAS]), Some(Answer::Records(0)));
        assert_eq!(answered(0x8180, &[]), Some(Answer::Records(0)));
        assert_eq!(answered(0x8183, &[]), Some(Answer::NoName));
        assert_eq!(answered(0x8182, &[]), Some(Answer::Failed("SERVFAIL")));
        assert_eq!(answered(0x8380, &[ADDRESS]), Some(Answer::Truncated));
    }

    #[test]
    fn a_packet_that_is_no_answer_is_not_believed() {
        assert_eq!(answered(0x0100, &[]), None);
        assert_eq!(answered(0x8180, &[b"\xc0"]), None);
        let asked = question(7, "db.", Record::A).unwrap();
        assert_eq!(answer(&question(7, "db.", Record::A).unwrap(), &asked, Record::A), None);
        assert_eq!(answer(b"\0\x07", &asked, Record::A), None);
    }
}
