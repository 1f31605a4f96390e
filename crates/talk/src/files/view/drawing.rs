//! Having pages drawn: a turn, the file's bytes on their way to the renderer, and whose name is written across.
//!
//! It stays true that the server itself holds a few segments of a file at most: the whole is held, bounded, by the
//! renderer's own process.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use kairan_core::{FileId, Refusal};
use kairan_draw::{Drawn, Kind, Mark, Order, Undrawable};
use kairan_people::Caller;
use kairan_people::members::queries::record;
use kairan_storage::Reader;
use kairan_storage::blobs::{FileKey, Layer};

use super::rules::{self, SIDE, VIEW_BUSY, VIEW_TOO_MANY};
use crate::Talk;
use crate::files::preview::Source;
use crate::files::queries::PlacedFile;
use crate::files::turns::Turns;

/// Pages drawn at once: each may take the memory of one renderer's process.
const AT_ONCE: usize = 2;
/// Of one person, those that wait too: a room full of photographs is opened at once.
const OF_ONE: usize = 64;
/// How long a page waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// The turns to have a page drawn.
#[derive(Debug, Clone)]
pub struct Viewing(Turns);

impl Default for Viewing {
    fn default() -> Self {
        Self::new(AT_ONCE, OF_ONE, PATIENCE)
    }
}

impl Viewing {
    /// So many at once, so many of one person, and how long one waits.
    #[must_use]
    pub fn new(at_once: usize, of_one: usize, patience: Duration) -> Self {
        Self(Turns::new((at_once, of_one), patience, &VIEW_BUSY, &VIEW_TOO_MANY))
    }
}

/// How many pages there are.
pub async fn pages(
    talk: &Talk,
    caller: &Caller,
    there: &PlacedFile,
    kind: Kind,
) -> Result<Result<u32, Undrawable>, Refusal> {
    if kind == Kind::Picture {
        return Ok(Ok(1));
    }
    let order = Order { kind, page: 0, side: SIDE, charset: there.charset.clone(), mark: None };
    Ok(whole(talk, caller, there, order).await?.map(|drawn| drawn.pages))
}

/// A page, the first being 1.
pub async fn page(
    talk: &Talk,
    caller: &Caller,
    there: &PlacedFile,
    kind: Kind,
    page: u32,
    is_marked: bool,
) -> Result<Result<Drawn, Undrawable>, Refusal> {
    let mark = if is_marked { Some(mark(talk, caller).await?) } else { None };
    let order = Order { kind, page, side: SIDE, charset: there.charset.clone(), mark };
    whole(talk, caller, there, order).await
}

async fn whole(
    talk: &Talk,
    caller: &Caller,
    there: &PlacedFile,
    order: Order,
) -> Result<Result<Drawn, Undrawable>, Refusal> {
    let file = there.view.id;
    let key = talk.files.key(&talk.store, file, there.secret).await?;
    let _turn = talk.files.viewing.0.turn(caller.member).await?;
    let drawn = talk.files.renderer.draw(order, content(talk, &key, file, there.view.shape.size)).await;
    drawn.map_err(Refusal::fault)
}

fn content(talk: &Talk, key: &FileKey, file: FileId, size: i64) -> Source {
    let len = u64::try_from(size).unwrap_or(0);
    talk.files.blobs.stream(key, file, Layer::Content, len, 0..len).map_err(std::io::Error::from).boxed()
}

/// A small picture, with the caller's name across it.
pub async fn marked(
    talk: &Talk,
    caller: &Caller,
    picture: Vec<u8>,
    side: u32,
) -> Result<Result<Drawn, Undrawable>, Refusal> {
    let mark = Some(mark(talk, caller).await?);
    let order = Order { kind: Kind::Picture, page: 1, side, charset: None, mark };
    let _turn = talk.files.viewing.0.turn(caller.member).await?;
    let source = futures_util::stream::iter([Ok(picture.into())]).boxed();
    talk.files.renderer.draw(order, source).await.map_err(Refusal::fault)
}

async fn mark(talk: &Talk, caller: &Caller) -> Result<Mark, Refusal> {
    let (member, now) = (caller.member, talk.store.surroundings().now());
    let read = async move |reader: &mut Reader| record(reader, member).await;
    let viewer = talk.store.read::<_, kairan_storage::Error, _>(read).await?;
    let viewer = viewer.ok_or_else(|| Refusal::fault("the one who looks is nobody"))?.profile;
    Ok(rules::mark(&viewer.display_name, viewer.staff_number.as_deref(), now))
}
