//! Files that appear whole or not at all, readable by their owner only.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Explain, Failure, Outcome};

const CHECK_FOLDER: &str = "Check that the folder exists and that you may write to it.";

/// What to do when the file is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Writes a file of mode 0600 under a temporary name and then gives it its own.
pub(crate) fn write_private(path: &Path, content: &[u8], existing: Existing) -> Outcome<()> {
    let attempted = format!("Writing {}", path.display());
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut file = NamedTempFile::new_in(folder).explain(&attempted, CHECK_FOLDER)?;
    file.write_all(content).explain(&attempted, "Check the free space of the disk.")?;
    file.as_file().sync_all().explain(&attempted, "Check the disk.")?;
    let placed = match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    };
    placed.map(drop).map_err(|refused| {
        if refused.error.kind() == std::io::ErrorKind::AlreadyExists {
            Failure::new(format!("{attempted} was refused: it exists. Add --force to replace it."))
        } else {
            Failure::new(format!("{attempted} failed: {}. {CHECK_FOLDER}", refused.error))
        }
    })
}

/// Makes a folder that only its owner may enter, and the folders above it.
pub(crate) fn make_private_folder(path: &Path) -> Outcome<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).explain(
        format!("Making the folder {}", path.display()),
        "Check that the folder above it exists and that you may write to it.",
    )
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).explain(
        format!("Reading {}", path.display()),
        "Check the name, and that you may read the file.",
    )
}
