//! Small files that survive a power cut: either the old content or the new one, never a part.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Only the owner may read and write.
const OWNER_ONLY: u32 = 0o600;

/// The content, of which at most `longest` bytes are read; `None` when there is no such file.
pub fn read(path: &Path, longest: usize) -> io::Result<Option<Vec<u8>>> {
    // A pipe would be waited for.
    let file = match OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    let limit = u64::try_from(longest).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Replaces the file. The new content is complete on the disk before it takes the name, and the name
/// is on the disk before this returns.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    // What an interrupted write left behind, whatever it is.
    remove(&beside)?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Removes the file; it is no error when there is none.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A folder of its own, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("linksdk-file-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn content_is_replaced_and_only_the_owner_may_read_it() {
        let folder = Folder::new("replace");
        let path = folder.0.join("file");
        assert_eq!(read(&path, 100).unwrap(), None);
        for content in [b"first".as_slice(), b"the second one", b""] {
            replace(&path, content).unwrap();
            assert_eq!(read(&path, 100).unwrap(), Some(content.to_vec()));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        replace(&path, b"long").unwrap();
        assert_eq!(read(&path, 2).unwrap(), Some(b"lo".to_vec()));
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }

    #[test]
    fn a_power_cut_at_any_byte_leaves_the_old_content() {
        let folder = Folder::new("cut");
        let path = folder.0.join("file");
        replace(&path, b"old").unwrap();
        let new = b"new content";
        for written in 0..=new.len() {
            // What the disk has when the power goes before the rename.
            fs::write(beside(&path), &new[..written]).unwrap();
            assert_eq!(read(&path, 100).unwrap(), Some(b"old".to_vec()));
        }
        // The next write is not disturbed by what lies there, not even by a link elsewhere.
        let elsewhere = folder.0.join("elsewhere");
        fs::write(&elsewhere, b"not ours").unwrap();
        fs::remove_file(beside(&path)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, beside(&path)).unwrap();
        replace(&path, new).unwrap();
        assert_eq!(read(&path, 100).unwrap(), Some(new.to_vec()));
        assert_eq!(fs::read(&elsewhere).unwrap(), b"not ours");
    }

    #[test]
    fn what_is_no_regular_file_is_an_error_and_not_a_wait() {
        let folder = Folder::new("kind");
        let pipe = folder.0.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for path in [pipe.as_path(), &folder.0, Path::new("/dev/zero")] {
            assert!(read(path, 100).is_err(), "{}", path.display());
        }
        // What takes the name is a regular file again, whatever was there; a link is replaced itself.
        let kept = folder.0.join("kept");
        fs::write(&kept, b"not ours").unwrap();
        let link = folder.0.join("link");
        std::os::unix::fs::symlink(&kept, &link).unwrap();
        for path in [&pipe, &link] {
            replace(path, b"new").unwrap();
            assert_eq!(read(path, 100).unwrap(), Some(b"new".to_vec()));
            assert!(fs::symlink_metadata(path).unwrap().is_file());
        }
        assert_eq!(fs::read(&kept).unwrap(), b"not ours");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error() {
        assert!(replace(Path::new("/no/such/folder/file"), b"x").is_err());
    }
}
