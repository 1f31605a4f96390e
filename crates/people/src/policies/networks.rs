//! Networks (接続元) in CIDR notation (RFC 4632, RFC 4291 §2.3). Pure.

use std::net::IpAddr;

use ipnet::IpNet;

/// The network that is written here, or one address alone; bits behind the prefix are left out.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(net.trunc())
}

/// Whether the address lies in one of these. An IPv4 address that comes as an IPv6 one (RFC 4291 §2.5.5.2) is itself.
#[must_use]
pub fn within(networks: &[String], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().filter_map(|text| network(text)).any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(networks: &[&str], address: &str) -> bool {
        let networks = networks.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        within(&networks, address.parse().expect("an address"))
    }

    #[test]
    fn an_address_is_in_a_network_or_is_not() {
        assert!(inside(&["10.0.0.0/8"], "10.255.0.1"));
        assert!(!inside(&["10.0.0.0/8"], "11.0.0.1"));
        assert!(inside(&["10.0.0.0/8"], "::ffff:10.1.2.3"));
        assert!(inside(&["192.0.2.7", "2001:db8::/32"], "2001:db8:1::9"));
        assert!(inside(&["192.0.2.7"], "192.0.2.7") && !inside(&["192.0.2.7"], "192.0.2.8"));
        assert!(!inside(&[], "192.0.2.7"));
        assert!(!inside(&["::/0"], "192.0.2.7"), "the whole of IPv6 is not IPv4");
    }

    #[test]
    fn networks_have_one_spelling() {
        let spelt = |text: &str| network(text).map(|network| network.to_string());
        assert_eq!(spelt(" 10.1.2.3/8 ").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(spelt("2001:DB8:0::1").as_deref(), Some("2001:db8::1/128"));
        for text in ["10.0.0.0/33", "10.0.0", "庁内", "", "10.0.0.1-10.0.0.9"] {
            assert_eq!(spelt(text), None, "{text}");
        }
    }
}
