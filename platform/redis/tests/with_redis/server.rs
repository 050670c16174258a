//! A server over TLS, with a user, of a test's own.

use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub struct TlsServer {
    process: Child,
    pub port: u16,
    /// Authority of the server's certificate.
    pub ca: std::path::PathBuf,
    _folder: TempDir,
}

impl TlsServer {
    /// On a free port; `user` as the server's settings have it.
    pub fn start(user: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [ca, ca_key, certificate, key, request, extensions] =
            ["ca.pem", "ca.key", "server.pem", "server.key", "request", "extensions"]
                .map(|name| folder.path().join(name).display().to_string());
        std::fs::write(&extensions, "subjectAltName=IP:127.0.0.1").expect("a file");
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server";
        openssl(&format!("{new} -x509 -addext basicConstraints=critical,CA:TRUE -keyout {ca_key} -out {ca}"));
        openssl(&format!("{new} -keyout {key} -out {request}"));
        openssl(&format!(
            "x509 -req -in {request} -CA {ca} -CAkey {ca_key} -CAcreateserial -extfile {extensions} -out {certificate}"
        ));
        let port = tests::ports::free(1);
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", "0"])
            .args(["--tls-port", &port.to_string(), "--tls-cert-file", &certificate, "--tls-key-file", &key])
            .args(["--tls-auth-clients", "no", "--user"])
            .args(user.split(' '))
            .args(["--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server");
        Self { process, port, ca: ca.into(), _folder: folder }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.process.kill().expect("a server that was started");
        self.process.wait().expect("a server that ends");
    }
}

fn openssl(line: &str) {
    let made = Command::new("openssl").args(line.split(' ')).output().expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
