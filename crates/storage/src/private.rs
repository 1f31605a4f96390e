//! Files that only the server's user may read: keys.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

/// Why a private file was not read.
pub enum Unread {
    /// The system said no.
    File(io::Error),
    /// Others can read it too; its permission bits.
    Exposed(u32),
}

/// Reads a private file's text, unless others can read it too.
pub fn read(path: &Path) -> Result<Zeroizing<String>, Unread> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(Unread::File)?);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(Unread::File)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Unread::Exposed(mode));
        }
    }
    Ok(text)
}

/// Writes a private file, whole or not at all, unless one is already there.
pub fn place(path: &Path, contents: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Temporary files are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => return Err(refused.error),
        _ => {}
    }
    std::fs::File::open(directory)?.sync_all()
}
