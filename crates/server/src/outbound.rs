//! Going out: the one way by which this server speaks to the world on its own account.
//!
//! It stays true that the address spoken to is the address that was checked (nothing is resolved twice), that nobody can be
//! made to speak to this machine or its neighbours, that no redirect is followed, and that an answer costs little time and
//! no memory: its body is not read (R36). Who may be spoken to at all is decided by the caller (R76).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Request, Response, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// From the first look at the name to the head of the answer (R36).
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest head of an answer, bytes.
const HEAD: usize = 64 * 1024;

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is not one to speak to.
    #[error("not an address to speak to")]
    Address,
    /// Every address of the name is of this machine or its neighbours.
    #[error("the name leads to no public address")]
    NotPublic,
    /// The network.
    #[error(transparent)]
    Network(#[from] std::io::Error),
    /// The other side does not speak HTTP as expected.
    #[error(transparent)]
    Http(#[from] hyper::Error),
    /// It took longer than three seconds.
    #[error("no answer within three seconds")]
    TooSlow,
}

/// What came back, without its body.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
}

/// A way out. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    tls: TlsConnector,
}

impl Default for Outbound {
    fn default() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks the versions that rustls thinks safe")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)) }
    }
}

impl Outbound {
    /// Posts a body to an `https` address of the world, or to an `http` one of this machine (which the caller must have
    /// been told to trust by whoever runs the server).
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn post(&self, to: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, OutboundError> {
        let speak = async {
            let uri: Uri = to.parse().map_err(|_| OutboundError::Address)?;
            let host = uri.host().ok_or(OutboundError::Address)?.to_owned();
            let request = request(&uri, headers, body)?;
            match uri.scheme_str() {
                Some("https") => {
                    let name = ServerName::try_from(host.clone()).map_err(|_| OutboundError::Address)?;
                    let stream = connect(&host, uri.port_u16().unwrap_or(443)).await?;
                    exchange(self.tls.connect(name, stream).await?, request).await
                }
                Some("http") if host == "127.0.0.1" => {
                    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, uri.port_u16().unwrap_or(80)));
                    exchange(TcpStream::connect(here).await?, request).await
                }
                _ => Err(OutboundError::Address),
            }
        };
        tokio::time::timeout(PATIENCE, speak).await.map_err(|_| OutboundError::TooSlow)?
    }
}

fn request(uri: &Uri, headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, OutboundError> {
    let authority = uri.authority().ok_or(OutboundError::Address)?.as_str();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(header::HOST, authority)
        .body(Full::new(body))
        .map_err(|_| OutboundError::Address)?;
    request.headers_mut().extend(headers);
    Ok(request)
}

/// Connects to the first public address of a name.
async fn connect(host: &str, port: u16) -> Result<TcpStream, OutboundError> {
    let mut last = OutboundError::NotPublic;
    for address in tokio::net::lookup_host((host, port)).await?.filter(|address| is_public(address.ip())) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, OutboundError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let answered = sender.send_request(request).await.map(Response::into_parts);
    driving.abort();
    let (head, _body_left_unread) = answered?;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers })
}

/// Whether an address is one of the world's, and not of this machine, its network, or something that only stands for such
/// (RFC 6890 and its registries; IPv4 inside IPv6 is looked at as IPv4).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b); // RFC 6598
    let protocol = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let benchmark = a == 198 && (18..20).contains(&b);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || shared
        || protocol
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let inside = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] // mapped
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] // translated (RFC 6052)
        | [0x2002, high, low, ..] => is_public_v4(inside(high, low)), // 6to4
        // Only what is given out as global unicast, without documentation and the protocols' own.
        [first, second, ..] => {
            (0x2000..0x4000).contains(&first) && !(first == 0x2001 && (second < 0x200 || second == 0xdb8)) && first != 0x3fff
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// R36
    #[test]
    fn this_machine_and_its_neighbours_are_not_the_world() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "2404:6800::1",
        ] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    async fn answering(answer: &'static [u8]) -> (String, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody comes");
            let mut heard = vec![0; 4_096];
            let read = stream.read(&mut heard).await.expect("something is said");
            heard.truncate(read);
            stream.write_all(answer).await.expect("heard");
            heard
        });
        (format!("http://127.0.0.1:{port}/push/abc?x=1"), heard)
    }

    /// R36: a redirect is an answer like any other.
    #[tokio::test]
    async fn a_redirect_is_not_followed_and_a_body_not_waited_for() {
        let answer = b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 99999999\r\n\r\n";
        let (to, heard) = answering(answer).await;
        let answer =
            Outbound::default().post(&to, HeaderMap::new(), "hello".into()).await.expect("an answer");
        assert_eq!(answer.status, 307);
        let heard = String::from_utf8(heard.await.expect("it heard")).expect("text");
        assert!(
            heard.starts_with("POST /push/abc?x=1 HTTP/1.1\r\n") && heard.contains("\r\nhost: 127.0.0.1:")
        );
    }

    /// R36
    #[tokio::test]
    async fn names_of_this_machine_are_refused_and_an_endless_head_too() {
        let outbound = Outbound::default();
        let post = async |to: &str| outbound.post(to, HeaderMap::new(), Bytes::new()).await;
        assert!(matches!(post("https://localhost/x").await, Err(OutboundError::NotPublic)));
        assert!(matches!(post("https://127.0.0.1/x").await, Err(OutboundError::NotPublic)));
        assert!(matches!(post("http://localhost/x").await, Err(OutboundError::Address)));
        assert!(matches!(post("ftp://127.0.0.1/x").await, Err(OutboundError::Address)));
        static ENDLESS: [u8; 200_000] = [b'a'; 200_000];
        let (to, _heard) = answering(&ENDLESS).await;
        assert!(post(&to).await.is_err());
    }

    #[tokio::test]
    async fn whoever_says_nothing_is_left_after_three_seconds() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let to = format!("http://127.0.0.1:{}/", listener.local_addr().expect("it listens").port());
        let outcome = Outbound::default().post(&to, HeaderMap::new(), Bytes::new()).await;
        assert!(matches!(outcome, Err(OutboundError::TooSlow)));
    }
}
