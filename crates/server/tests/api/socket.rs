//! A client of the gateway on a real connection.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::HeaderValue;
use futures_util::{SinkExt as _, StreamExt as _};
use kairan_core::RoomId;
use kairan_people::devices::Purpose;
use kairan_people::testing::{ORIGIN, Person};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::raw::PATIENCE;
use crate::world::Server;

/// An open socket.
pub struct Socket(WebSocketStream<TcpStream>);

/// Up to where a client has each room.
pub type Cursors = BTreeMap<String, i64>;

/// Asks for a ticket.
pub async fn ticket(server: &Server, person: &Person) -> String {
    let asked = json!({ "device": server.signed(person, Purpose::Socket) });
    let given = server.post(person, "/gateway/ticket", &asked).await.expect(201);
    given["ticket"].as_str().expect("a ticket").to_owned()
}

/// Knocks with these headers; the refusal's status and code when it is one.
pub async fn knock(
    server: &Server,
    origin: Option<&str>,
    protocols: Option<&str>,
) -> Result<WebSocketStream<TcpStream>, (u16, String)> {
    let stream = TcpStream::connect(server.address).await.expect("it listens");
    knock_on(stream, server, origin, protocols).await
}

async fn knock_on(
    stream: TcpStream,
    server: &Server,
    origin: Option<&str>,
    protocols: Option<&str>,
) -> Result<WebSocketStream<TcpStream>, (u16, String)> {
    let mut request =
        format!("ws://{}/api/v1/gateway", server.address).into_client_request().expect("an address");
    for (name, value) in [("origin", origin), ("sec-websocket-protocol", protocols)] {
        if let Some(value) = value {
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header"));
        }
    }
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(refusal)) => {
            let body: Value = refusal
                .body()
                .as_ref()
                .and_then(|body| serde_json::from_slice(body).ok())
                .unwrap_or_default();
            Err((refusal.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned()))
        }
        Err(other) => panic!("neither a socket nor a refusal: {other}"),
    }
}

impl From<WebSocketStream<TcpStream>> for Socket {
    fn from(stream: WebSocketStream<TcpStream>) -> Self {
        Self(stream)
    }
}

impl Socket {
    /// Opens a socket and says nothing yet.
    pub async fn silent(server: &Server, person: &Person) -> Self {
        let protocols = format!("kairan.v1, ticket.{}", ticket(server, person).await);
        Self(knock(server, Some(ORIGIN), Some(&protocols)).await.expect("a good ticket"))
    }

    /// One whose system takes hardly anything that it does not read.
    pub async fn narrow(server: &Server, person: &Person) -> Self {
        let protocols = format!("kairan.v1, ticket.{}", ticket(server, person).await);
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
        let stream = socket.connect(server.address).await.expect("it listens");
        Self(knock_on(stream, server, Some(ORIGIN), Some(&protocols)).await.expect("a good ticket"))
    }

    /// Opens a socket that has nothing yet and looks at nothing.
    pub async fn open(server: &Server, person: &Person) -> Self {
        Self::back(server, person, &Cursors::new()).await.0
    }

    /// Opens a socket with cursors; the heads it was welcomed with.
    pub async fn back(server: &Server, person: &Person, cursors: &Cursors) -> (Self, Cursors) {
        let mut socket = Self::silent(server, person).await;
        let heads = socket.hello(cursors, &[]).await;
        (socket, heads)
    }

    /// Says hello; the heads it is welcomed with.
    pub async fn hello(&mut self, cursors: &Cursors, looking: &[RoomId]) -> Cursors {
        self.send(&json!({"t": "hello", "cursors": cursors, "looking": looking})).await;
        let welcome = self.next().await;
        assert_eq!(welcome["t"], "welcome", "{welcome}");
        serde_json::from_value(welcome["heads"].clone()).expect("heads")
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) {
        self.send_raw(Message::Text(frame.to_string().into())).await;
    }

    /// Sends anything at all.
    pub async fn send_raw(&mut self, message: Message) {
        self.0.send(message).await.expect("sent");
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        self.heard().await.unwrap_or_else(|code| panic!("closed with {code:?} instead of a frame"))
    }

    /// The next frame, or the code of its end (none when the line broke).
    pub async fn heard(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a frame or an end") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Everything until the next `me` (see [`Server::mark`]), without it.
    pub async fn until_marked(&mut self) -> Vec<Value> {
        self.until(|frame| frame["t"] == "me").await.0
    }

    /// Everything until a frame for which `found` holds, and that frame.
    pub async fn until(&mut self, found: impl Fn(&Value) -> bool) -> (Vec<Value>, Value) {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if found(&frame) {
                return (before, frame);
            }
            before.push(frame);
        }
    }

    /// The close code, past whatever frames come before it.
    pub async fn end(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.heard().await {
                return code;
            }
        }
    }

    /// The close code, and that it comes within this time.
    pub async fn end_within(&mut self, limit: Duration) -> Option<u16> {
        timeout(limit, self.end()).await.expect("the end in time")
    }
}

/// A client that has one room, up to there.
pub fn cursors(room: RoomId, seq: i64) -> Cursors {
    Cursors::from([(room.to_string(), seq)])
}

/// `seq` and `kind` of the events of a room among frames.
pub fn events(frames: &[Value], room: RoomId) -> Vec<(i64, String)> {
    let of_room = frames.iter().filter(|frame| frame["t"] == "event" && frame["room"] == room.to_string());
    of_room
        .map(|frame| (frame["seq"].as_i64().expect("seq"), frame["kind"].as_str().expect("kind").to_owned()))
        .collect()
}
