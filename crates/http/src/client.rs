//! Where a request comes from.
//!
//! It stays true that a client cannot choose its own address: `X-Forwarded-For` is believed only as far as named proxies
//! wrote it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::Problem;

/// Most characters of a user agent that are kept.
const AGENT_LIMIT: usize = 200;

/// Proxies whose word about the client's address is taken.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

/// The other end of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// Its address, as the nearest trusted hop saw it.
    pub address: IpAddr,
    /// What it calls itself, shortened; for people to recognise their own sessions, never for decisions.
    pub agent: String,
}

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The client's address: the rightmost hop that is not a trusted proxy.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect::<Vec<_>>();
        for hop in hops.into_iter().rev() {
            if !self.trusts(client) {
                break;
            }
            let Some(address) = parse_hop(hop) else { break };
            client = address;
        }
        client
    }
}

/// An address with or without a port, as proxies write it.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|at| at.ip()))
        .ok()
        .map(|ip| ip.to_canonical())
}

/// Middleware that notes the [`ClientInfo`] for the extractor.
pub async fn note_client(
    State(proxies): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    // Without a peer there is no socket: the request was made inside this process.
    let address = proxies.client(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), request.headers());
    let agent =
        request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent = agent.chars().filter(|c| !c.is_control()).take(AGENT_LIMIT).collect();
    request.extensions_mut().insert(ClientInfo { address, agent });
    next.run(request).await
}

impl<S: Send + Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let info = parts.extensions.get::<Self>().cloned();
        info.ok_or_else(|| kairan_core::Refusal::fault("the route is mounted without `note_client`").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies =
            TrustedProxies(vec!["10.0.0.0/8".parse().expect("net"), "::1/128".parse().expect("net")]);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("header"));
        }
        proxies.client(peer.parse().expect("address"), &headers).to_string()
    }

    #[test]
    fn only_named_proxies_are_believed() {
        assert_eq!(
            client("203.0.113.9", &["198.51.100.1"]),
            "203.0.113.9",
            "a stranger's header is not read"
        );
        assert_eq!(client("10.0.0.2", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.2", &["1.1.1.1, 198.51.100.1, 10.0.0.7"]), "198.51.100.1");
        assert_eq!(client("10.0.0.2", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1", "headers are one list");
        assert_eq!(client("10.0.0.2", &[]), "10.0.0.2");
        assert_eq!(client("10.0.0.2", &["198.51.100.1, nonsense"]), "10.0.0.2");
        assert_eq!(client("::ffff:10.0.0.2", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client("::1", &["198.51.100.1:55"]), "198.51.100.1");
    }
}
