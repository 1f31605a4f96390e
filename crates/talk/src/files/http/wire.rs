//! Wire types that more than one route speaks.

use kairan_core::{FileId, Instant, MemberId, MessageId, RoomId, Seq};
use serde::Serialize;
use utoipa::ToSchema;

use crate::files::queries::{FileView, PlacedFile};
use crate::files::rules::{FileKind, FileState};
use crate::files::view::rules::{Terms, Way};

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct File {
    #[schema(value_type = String, format = Uuid)]
    id: FileId,
    name: String,
    /// Bytes.
    size: i64,
    /// True media type, by its bytes.
    media: String,
    kind: FileKind,
    /// True extension, lower case; empty when there is none.
    extension: String,
    /// Pixels, of pictures, after orientation.
    #[schema(required = true)]
    width: Option<i64>,
    /// Pixels, of pictures, after orientation.
    #[schema(required = true)]
    height: Option<i64>,
    /// Whether there are thumbnails.
    preview: bool,
    /// `waiting`: not served before the virus scan; `infected`: never served;
    /// `erased`: gone, its name too.
    state: FileState,
}

impl From<FileView> for File {
    fn from(view: FileView) -> Self {
        let FileView { id, name, shape, state } = view;
        Self {
            id,
            name,
            size: shape.size,
            media: shape.media,
            kind: shape.kind,
            extension: shape.extension,
            width: shape.width,
            height: shape.height,
            preview: shape.preview,
            state,
        }
    }
}

/// A file with where it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileDetail {
    #[serde(flatten)]
    file: File,
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    /// The message it was sent with.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    message: Option<MessageId>,
    /// That message's place.
    #[schema(value_type = Option<i64>, required = true)]
    seq: Option<Seq>,
    /// Who uploaded it.
    #[schema(value_type = String, format = Uuid)]
    by: MemberId,
    /// When it was uploaded, ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
    /// What the caller may do with it now, on the device they ask from; nothing when there is no way to see it here.
    ways: Vec<Way>,
}

impl FileDetail {
    /// For somebody who has it on these terms.
    pub(super) fn of(placed: PlacedFile, terms: &Terms) -> Self {
        let PlacedFile { view, room, message, seq, by, at, .. } = placed;
        let ways = terms.ways(view.state, &view.shape);
        Self { file: view.into(), room, message, seq, by, at, ways }
    }
}
