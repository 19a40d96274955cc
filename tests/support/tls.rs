//! TLS before a server without it: a forwarder with a certificate of an authority that was made for the test.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// Its certificate in a file.
    pub fn ca_file(&self, folder: &Path) -> PathBuf {
        write(folder, "ca.pem", &self.certificate.pem())
    }

    /// A certificate for a client, and its key, in two files.
    pub fn client(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign("client", Vec::new(), ExtendedKeyUsagePurpose::ClientAuth);
        (
            write(folder, "client.pem", &certificate.pem()),
            write(folder, "client.key", &key.serialize_pem()),
        )
    }

    fn sign(
        &self,
        name: &str,
        addresses: Vec<String>,
        purpose: ExtendedKeyUsagePurpose,
    ) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(addresses).unwrap();
        params.distinguished_name = named(name);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Forwards what it decrypts to another server. It ends when it is dropped.
pub struct TlsFront {
    pub host: String,
    protocols: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl TlsFront {
    /// Stands before `behind`, with a certificate by `authority`, and offers `protocols`. Clients must show a certificate by
    /// `clients`, if that is given.
    pub async fn start(
        behind: String,
        authority: &Authority,
        clients: Option<&Authority>,
        protocols: &[&str],
    ) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = match clients {
            None => Arc::new(NoClientAuth),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.certificate.der().clone()).unwrap();
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .unwrap()
            }
        };
        let addresses = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let (certificate, key) = authority.sign("server", addresses, ExtendedKeyUsagePurpose::ServerAuth);
        let chain: Vec<CertificateDer<'static>> = vec![certificate.into()];
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|one| one.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let spoken = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&spoken);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(forward(
                    stream,
                    acceptor.clone(),
                    behind.clone(),
                    Arc::clone(&seen),
                ));
            }
        });
        Self {
            host,
            protocols: spoken,
            task,
        }
    }

    /// What was agreed upon by each connection; nothing where none was named.
    pub fn protocols(&self) -> Vec<String> {
        self.protocols.lock().unwrap().clone()
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(stream: TcpStream, acceptor: TlsAcceptor, behind: String, seen: Arc<Mutex<Vec<String>>>) {
    match acceptor.accept(stream).into_fallible().await {
        Ok(mut stream) => {
            let protocol = stream.get_ref().1.alpn_protocol().unwrap_or_default();
            let protocol = String::from_utf8_lossy(protocol).into_owned();
            seen.lock().unwrap().push(protocol);
            let mut server = TcpStream::connect(behind).await.unwrap();
            // Either side may have heard enough.
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
        }
        Err((_, mut stream)) => {
            // What the client still sends is read, or closing would be a reset that takes the alert's place.
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
        }
    }
}
