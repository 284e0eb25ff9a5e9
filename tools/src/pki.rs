//! `linksdk-x509 pki`: a made-up platform with its devices, as a folder of PEM files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;

use crate::certificates::{Authority, Issued, Key, KeyType, Validity};
use crate::devices::{self, Devices, Identity};
use crate::failure::{Failure, Outcome, say};
use crate::files::{self, Existing};
use crate::progress::Progress;

const SERVER_NAMES: [&str; 4] =
    ["localhost", "127.0.0.1", "::1", "x509.itls.cn-shanghai.aliyuncs.com"];
const FIRST_DEVICE: &str = "device";

/// Make certificates and keys: platform, server, devices
///
/// Writes a folder (mode 0700) with everything that a test of X.509 devices needs. Every
/// certificate is NAME.crt, its private key NAME.key (mode 0600), in PEM. The keys of the two
/// authorities are not kept, so nobody can sign with them later.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder to write to; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Name of a device, at most 32 characters; may be repeated
    #[arg(long, value_name = "NAME", default_value = FIRST_DEVICE, value_parser = device_name)]
    device: Vec<String>,
    /// ProductKey of the devices, at most 20 characters
    #[arg(long, value_name = "PK", default_value = "a1Demo00000", value_parser = product_key)]
    product_key: String,
    /// A further DNS name or IP address of the server; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Kind of the devices' keys; the platform issues RSA
    #[arg(long, value_enum, default_value_t = KeyType::Rsa)]
    key_type: KeyType,
    /// Add certificates that must be refused: expired, wrong name, unknown
    #[arg(long)]
    with_faults: bool,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

fn name_of(text: &str, longest: usize) -> Result<String, String> {
    let ok = |character: char| character.is_ascii_alphanumeric() || "-_.@:".contains(character);
    if text.is_empty() || text.len() > longest || text.starts_with(['.', '-']) {
        return Err(format!("takes 1 to {longest} characters and starts with neither . nor -"));
    }
    if !text.chars().all(ok) {
        return Err("takes letters, digits and - _ . @ : only".to_owned());
    }
    Ok(text.to_owned())
}

fn device_name(text: &str) -> Result<String, String> {
    let taken = ["platform-ca", "device-ca", "device-unknown", "device-expired"];
    if text.starts_with("server-") || text.starts_with("device-unknown-") || taken.contains(&text) {
        return Err("is the name of another file of the folder".to_owned());
    }
    name_of(text, 32)
}

fn product_key(text: &str) -> Result<String, String> {
    name_of(text, 20)
}

/// The folder being written and the table of what is in it.
struct Folder<'a> {
    path: &'a Path,
    existing: Existing,
    table: Vec<(String, String)>,
}

impl Folder<'_> {
    fn write(&mut self, file: &str, content: &str, meaning: &str) -> Outcome<()> {
        files::write_private(&self.path.join(file), content.as_bytes(), self.existing)?;
        self.table.push((file.to_owned(), meaning.to_owned()));
        Ok(())
    }

    fn write_pair(&mut self, name: &str, issued: &Issued, meaning: &str) -> Outcome<()> {
        self.write(&format!("{name}.key"), issued.key.pem(), "")?;
        self.table.pop();
        self.write(&format!("{name}.crt"), &issued.pem(), "")?;
        self.table.pop();
        self.table.push((format!("{name}.crt .key"), meaning.to_owned()));
        Ok(())
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    let distinct: BTreeSet<&String> = arguments.device.iter().collect();
    if distinct.len() != arguments.device.len() {
        return Err(Failure::new("Making certificates was refused: a --device is named twice."));
    }
    files::make_private_folder(&arguments.out)?;
    let mark = arguments.out.join("platform-ca.crt");
    if existing == Existing::Keep && mark.exists() {
        return Err(Failure::new(format!(
            "Making certificates in {} was refused: it holds some already. Name another folder, \
             or add --force to replace them.",
            arguments.out.display()
        )));
    }
    // RSA keys take long, and how long is a matter of luck.
    let progress = Progress::start("Making keys and certificates");
    let mut folder = Folder { path: &arguments.out, existing, table: Vec::new() };
    let platform_ca = Authority::generate("Simulated Platform Root CA", KeyType::Rsa)?;
    let device_ca = Authority::generate("Simulated IoT Operation CA", KeyType::Rsa)?;
    folder.write(
        "platform-ca.crt",
        &platform_ca.pem(),
        "root of the platform; devices trust it",
    )?;
    folder.write("device-ca.crt", &device_ca.pem(), "signs the devices; the platform trusts it")?;

    let mut names: Vec<String> = SERVER_NAMES.map(str::to_owned).into();
    names.extend(arguments.host.iter().cloned());
    let server_key = Key::generate(KeyType::Rsa)?;
    let server = platform_ca.server(&names, &server_key, Validity::Long)?;
    folder.write_pair("server-rsa", &server, "platform's server")?;
    let server = platform_ca.server(&names, &Key::generate(KeyType::Ecdsa)?, Validity::Long)?;
    folder.write_pair("server-ecdsa", &server, "platform's server")?;
    write_devices(&mut folder, arguments, &device_ca)?;
    if arguments.with_faults {
        let stranger = Authority::generate("Unknown Root CA", KeyType::Rsa)?;
        write_server_faults(&mut folder, &server_key, &platform_ca, &stranger, &names)?;
        write_device_faults(&mut folder, arguments.key_type, &device_ca, &stranger)?;
    }
    drop(progress);
    say(&format!("{}:", arguments.out.display()));
    for (file, meaning) in &folder.table {
        say(&format!("  {file:<28} {meaning}"));
    }
    Ok(())
}

fn write_devices(folder: &mut Folder<'_>, arguments: &Arguments, ca: &Authority) -> Outcome<()> {
    let mut devices = Devices::default();
    for (position, name) in arguments.device.iter().enumerate() {
        let device = ca.device(&Key::generate(arguments.key_type)?, Validity::Long)?;
        let identity =
            Identity { product_key: arguments.product_key.clone(), device_name: name.clone() };
        folder.write_pair(name, &device, &format!("device {identity}"))?;
        if position == 0 && !arguments.device.iter().any(|other| other == FIRST_DEVICE) {
            folder.write_pair(FIRST_DEVICE, &device, &format!("the same as {name}"))?;
        }
        devices.insert(device.der(), identity);
    }
    folder.write(devices::FILE, &devices.to_json(), "certificate fingerprint -> device")
}

fn write_server_faults(
    folder: &mut Folder<'_>,
    key: &Rc<Key>,
    platform_ca: &Authority,
    stranger: &Authority,
    names: &[String],
) -> Outcome<()> {
    let expired = platform_ca.server(names, key, Validity::Past)?;
    folder.write_pair("server-expired", &expired, "refused: was valid in 2020")?;
    let wrong_names = ["wrong-name.example".to_owned()];
    let wrong_name = platform_ca.server(&wrong_names, key, Validity::Long)?;
    folder.write_pair("server-wrong-name", &wrong_name, "refused: for wrong-name.example")?;
    let unknown_ca = stranger.server(names, key, Validity::Long)?;
    folder.write_pair("server-unknown-ca", &unknown_ca, "refused: signed by a stranger")
}

fn write_device_faults(
    folder: &mut Folder<'_>,
    kind: KeyType,
    device_ca: &Authority,
    stranger: &Authority,
) -> Outcome<()> {
    let key = Key::generate(kind)?;
    let unknown_ca = stranger.device(&key, Validity::Long)?;
    folder.write_pair("device-unknown-ca", &unknown_ca, "refused: signed by a stranger")?;
    let expired = device_ca.device(&key, Validity::Past)?;
    folder.write_pair("device-expired", &expired, "refused: was valid in 2020")?;
    let unknown = device_ca.device(&key, Validity::Long)?;
    folder.write_pair("device-unknown", &unknown, "refused: not in devices.json")
}
