//! A question to a DNS server, and what its answer holds: <https://www.rfc-editor.org/rfc/rfc1035#section-4>

use std::net::IpAddr;

use domain::base::iana::{Class, Rcode};
use domain::base::{Message, MessageBuilder, Name, ParsedName, Rtype};
use domain::rdata::{A, Aaaa, Cname};

use crate::network::target::Record;

/// What a server may send over UDP: <https://www.dnsflagday.net/2020/>
const UDP_PAYLOAD: u16 = 1232;
/// The aliases that are followed, one to the next.
const LONGEST_CHAIN: usize = 16;

type Parsed<'a> = ParsedName<&'a [u8]>;

/// What a server says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The records of the type; none where the name has others.
    Records(Records),
    /// There is no such name.
    NoName,
    /// The server did not do its work; the code says why.
    Failed(&'static str),
    /// It does not fit a UDP packet; these do.
    Truncated(Records),
}

/// Records of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// How many there are.
    pub(super) count: usize,
    /// Those that are addresses.
    pub(super) addresses: Vec<IpAddr>,
}

/// A question as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Question {
    id: u16,
    name: Name<Vec<u8>>,
    record: Record,
}

// === impl Question ===

impl Question {
    /// A question; none where the name is too long, or no name.
    pub(super) fn new(id: u16, name: &str, record: Record) -> Option<Self> {
        Some(Self { id, name: name.parse().ok()?, record })
    }

    /// The packet with it; servers of old stumble over what EDNS adds.
    pub(super) fn packet(&self, has_edns: bool) -> Option<Vec<u8>> {
        let mut message = MessageBuilder::new_vec();
        message.header_mut().set_id(self.id);
        message.header_mut().set_rd(true);
        let mut message = message.question();
        message.push((&self.name, rtype(self.record))).ok()?;
        let mut message = message.additional();
        if has_edns {
            let payload = message.opt(|opt| {
                opt.set_udp_payload_size(UDP_PAYLOAD);
                Ok(())
            });
            payload.ok()?;
        }
        Some(message.finish())
    }

    /// Reads the answer; none where the packet is something else.
    pub(super) fn answer(&self, packet: &[u8]) -> Option<Answer> {
        let message = Message::from_octets(packet).ok()?;
        let (header, rcode) = (message.header(), message.header().rcode());
        if !header.qr() || header.id() != self.id || !self.is_repeated(&message, rcode) {
            return None;
        }
        if header.tc() {
            return Some(Answer::Truncated(self.records(&message).unwrap_or_default()));
        }
        Some(match rcode {
            Rcode::NOERROR => Answer::Records(self.records(&message)?),
            Rcode::NXDOMAIN => Answer::NoName,
            Rcode::SERVFAIL => Answer::Failed("SERVFAIL"),
            Rcode::REFUSED => Answer::Failed("REFUSED"),
            Rcode::NOTIMP => Answer::Failed("NOTIMP"),
            Rcode::FORMERR => Answer::Failed("FORMERR"),
            _ => Answer::Failed("an error"),
        })
    }

    /// Whether the answer repeats the question; who has not understood it may leave it out.
    fn is_repeated(&self, message: &Message<&[u8]>, rcode: Rcode) -> bool {
        if message.header_counts().qdcount() == 0 {
            return !matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN);
        }
        message.sole_question().is_ok_and(|asked| {
            asked.qname() == &self.name && asked.qtype() == rtype(self.record) && asked.qclass() == Class::IN
        })
    }

    /// The records of the name, or of what it is an alias of. None where the packet is broken.
    fn records(&self, message: &Message<&[u8]>) -> Option<Records> {
        let mut aliases: Vec<(Parsed<'_>, Parsed<'_>)> = Vec::new();
        for record in message.answer().ok()?.limit_to::<Cname<_>>() {
            let record = record.ok()?;
            aliases.push((record.owner().to_owned(), record.data().cname().to_owned()));
        }
        let mut known: Vec<&Parsed<'_>> = Vec::new();
        for _ in 0..LONGEST_CHAIN {
            let is_last = |owner: &Parsed<'_>| match known.last() {
                Some(last) => owner == *last,
                None => *owner == self.name,
            };
            match aliases.iter().find(|(owner, _)| is_last(owner)) {
                Some((_, target)) => known.push(target),
                None => break,
            }
        }
        let mut records = Records::default();
        for record in message.answer().ok()? {
            let record = record.ok()?;
            let is_ours = record.owner() == self.name || known.iter().any(|name| record.owner() == *name);
            if record.rtype() != rtype(self.record) || record.class() != Class::IN || !is_ours {
                continue;
            }
            records.count += 1;
            let ip = match self.record {
                Record::A => record.to_record::<A>().ok()?.map(|record| IpAddr::V4(record.data().addr())),
                Record::Aaaa => {
                    record.to_record::<Aaaa>().ok()?.map(|record| IpAddr::V6(record.data().addr()))
                }
                Record::Srv => None,
            };
            records.addresses.extend(ip);
        }
        Some(records)
    }
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
        let question = Question::new(0x1234, "_pg._tcp.db.", Record::Srv).unwrap();
        let plain =
            [&b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0"[..], b"\x03_pg\x04_tcp\x02db\0\0\x21\0\x01"].concat();
        assert_eq!(question.packet(false).as_ref(), Some(&plain));
        let mut expected = [&plain[..], b"\0\0\x29\x04\xd0\0\0\0\0\0\0"].concat();
        expected[11] = 1;
        assert_eq!(question.packet(true), Some(expected));
        assert!(Question::new(1, &format!("{}.", "a".repeat(64)), Record::A).is_none());
    }

    /// An answer to a question for the A records of `db.`.
    fn answered(flags: u16, records: &[&[u8]]) -> Option<Answer> {
        let mut packet = vec![0, 7];
        packet.extend_from_slice(&flags.to_be_bytes());
        packet.extend_from_slice(&[0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
        packet.extend_from_slice(b"\x02DB\0\0\x01\0\x01");
        records.iter().for_each(|record| packet.extend_from_slice(record));
        Question::new(7, "db.", Record::A).unwrap().answer(&packet)
    }

    fn found(addresses: &[&str]) -> Records {
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        Records { count: addresses.len(), addresses }
    }

    const ADDRESS: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04\x0a\0\0\x05";

    #[test]
    fn aliases_are_followed_and_what_belongs_to_others_is_not_counted() {
        const ALIAS: &[u8] = b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x04\x02pg\0";
        const ALIASED: &[u8] = b"\x02pg\0\0\x01\0\x01\0\0\0\x05\0\x04\x0a\0\0\x06";
        const LOOP: &[u8] = b"\x02pg\0\0\x05\0\x01\0\0\0\x05\0\x04\x02DB\0";
        let records = |records: &[&[u8]]| answered(0x8180, records);
        assert_eq!(records(&[ADDRESS]), Some(Answer::Records(found(&["10.0.0.5"]))));
        assert_eq!(records(&[ALIAS, ALIASED]), Some(Answer::Records(found(&["10.0.0.6"]))));
        assert_eq!(records(&[ALIASED, ALIAS]), Some(Answer::Records(found(&["10.0.0.6"]))));
        for none in [&[ALIAS][..], &[], &[ALIASED], &[ALIAS, LOOP]] {
            assert_eq!(records(none), Some(Answer::Records(found(&[]))));
        }
    }

    #[test]
    fn what_a_server_says_is_known_by_its_code() {
        assert_eq!(answered(0x8183, &[]), Some(Answer::NoName));
        assert_eq!(answered(0x8182, &[]), Some(Answer::Failed("SERVFAIL")));
        assert_eq!(answered(0x8380, &[ADDRESS]), Some(Answer::Truncated(found(&["10.0.0.5"]))));
        // Who has not understood a question need not repeat it.
        let question = Question::new(7, "db.", Record::A).unwrap();
        assert_eq!(question.answer(b"\0\x07\x81\x81\0\0\0\0\0\0\0\0"), Some(Answer::Failed("FORMERR")));
    }

    #[test]
    fn a_packet_that_is_no_answer_is_not_believed() {
        assert_eq!(answered(0x0100, &[]), None);
        assert_eq!(answered(0x8180, &[b"\xc0"]), None);
        let question = Question::new(7, "db.", Record::A).unwrap();
        for other in
            [question.packet(true).unwrap(), b"\0\x07".to_vec(), b"\0\x07\x81\x80\0\0\0\0\0\0\0\0".to_vec()]
        {
            assert_eq!(question.answer(&other), None);
        }
    }
}
