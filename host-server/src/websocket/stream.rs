//! The byte stream under a WebSocket: TCP, with TLS around it or without.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::error::HostError;

/// A stream that never blocks.
pub enum Stream {
    /// TCP alone.
    Plain(TcpStream),
    /// The server's end of TLS.
    TlsServer(Box<StreamOwned<ServerConnection, TcpStream>>),
    /// The client's end of TLS.
    TlsClient(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// The server's end: with TLS where there is a configuration for it.
    ///
    /// # Errors
    /// What TLS says about the configuration.
    pub fn of_server(tcp: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let Some(tls) = tls else { return Ok(Self::Plain(tcp)) };
        let session = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
        Ok(Self::TlsServer(Box::new(StreamOwned::new(session, tcp))))
    }

    /// The client's end: with TLS where there is a configuration for it.
    ///
    /// # Errors
    /// What TLS says about the configuration or the server's name.
    pub fn of_client(tcp: TcpStream, tls: Option<&Arc<ClientConfig>>, host: &str) -> io::Result<Self> {
        let Some(tls) = tls else { return Ok(Self::Plain(tcp)) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let session = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        Ok(Self::TlsClient(Box::new(StreamOwned::new(session, tcp))))
    }

    /// The TCP stream below.
    pub fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::TlsServer(tls) => &mut tls.sock,
            Self::TlsClient(tls) => &mut tls.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::TlsServer(tls) => tls.read(buffer),
            Self::TlsClient(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::TlsServer(tls) => tls.write(bytes),
            Self::TlsClient(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::TlsServer(tls) => tls.flush(),
            Self::TlsClient(tls) => tls.flush(),
        }
    }
}

fn of_file(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> HostError {
    HostError::File { path: path.to_path_buf(), source: io::Error::other(error) }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HostError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err(of_file(path, io::Error::other("there is no certificate in it (PEM is expected)"))),
        Err(error) => Err(of_file(path, error)),
    }
}

/// TLS of a server, from its certificate chain and its private key, both PEM.
///
/// # Errors
/// [`HostError::File`] for a file that cannot be read or does not hold what it should.
pub fn server_tls(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, HostError> {
    let chain = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| of_file(key, error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| of_file(certificate, error))?;
    Ok(Arc::new(config))
}

/// TLS of a client that trusts the authorities in a PEM file.
///
/// # Errors
/// [`HostError::File`] for a file that cannot be read or does not hold what it should.
pub fn client_tls(authorities: &Path) -> Result<Arc<ClientConfig>, HostError> {
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(certificates(authorities)?);
    if usable == 0 {
        return Err(of_file(authorities, io::Error::other("none of its certificates can be used")));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| of_file(authorities, error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
