//! The code that the set-up page asks for when it can be opened from elsewhere: whoever can read the server's own output
//! owns the machine, and so may own the organisation.

use kairan_core::Surroundings;
use kairan_storage::{Error, Reader, Store};

use crate::config::Config;
use crate::folder::{Folder, FolderError};

/// Lies in the data folder until the set-up is done, so that a restart does not change the code on somebody's paper.
const FILE: &str = "setup-code";

/// Letters that cannot be taken for another on paper or by phone (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum SetupCodeError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// The code, when one is needed: nobody has set up yet, and the page is not only for this machine.
///
/// # Errors
/// [`SetupCodeError`].
pub async fn prepare(
    config: &Config,
    folder: &Folder,
    store: &Store,
    surroundings: &Surroundings,
) -> Result<Option<String>, SetupCodeError> {
    if is_set_up(store).await? {
        forget(folder)?;
        return Ok(None);
    }
    if !is_needed(config) {
        return Ok(None);
    }
    if let Some(code) = folder.read(FILE).filter(|code| code.len() == 19) {
        return Ok(Some(code));
    }
    let code = code(surroundings);
    folder.write_private(FILE, &code)?;
    Ok(Some(code))
}

/// Whether the organisation has its owner.
///
/// # Errors
/// What storage says.
pub async fn is_set_up(store: &Store) -> Result<bool, Error> {
    let name = async |reader: &mut Reader| kairan_people::organisation::queries::name(reader).await;
    Ok(store.read::<_, Error, _>(name).await?.is_some())
}

/// Removes the code once nobody needs it.
///
/// # Errors
/// What the system says.
pub fn forget(folder: &Folder) -> Result<(), FolderError> {
    folder.remove(FILE)
}

/// Only a server that listens on loopback and is known by a loopback name is surely opened by its own people: behind a
/// proxy it listens on loopback too.
fn is_needed(config: &Config) -> bool {
    !(config.listen.ip().is_loopback() && config.public_url.is_this_machine())
}

/// Sixteen letters of five bits each, in groups of four.
fn code(surroundings: &Surroundings) -> String {
    let letters = surroundings.bytes::<16>().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;
    use crate::config::{Flags, load};
    use crate::environment::Environment;

    #[test]
    fn a_code_is_needed_unless_only_this_machine_can_open_the_page() {
        for (listen, url, want) in [
            ("127.0.0.1:8080", "http://localhost:8080", false),
            ("[::1]:8080", "http://[::1]:8080", false),
            ("0.0.0.0:8080", "http://localhost:8080", true),
            ("127.0.0.1:8080", "https://kairan.example.jp", true),
        ] {
            let settings = vec![("listen", listen.to_owned()), ("public_url", url.to_owned())];
            let config = load(&Flags { file: None, settings }, &Environment::default()).expect("good");
            assert_eq!(is_needed(&config), want, "{listen} {url}");
        }
    }

    #[test]
    fn a_code_is_eighty_bits_that_can_be_read_aloud() {
        let code = code(&held::surroundings(3).0);
        assert_eq!(code.len(), 19);
        assert!(
            code.split('-')
                .all(|group| group.len() == 4 && group.bytes().all(|letter| LETTERS.contains(&letter))),
            "{code}"
        );
    }
}
