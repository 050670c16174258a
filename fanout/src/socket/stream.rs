//! The connection of a socket: to its client, or to what carries it through TLS.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UnixStream};

pub enum Stream {
    Tcp(TcpStream),
    Local(UnixStream),
}

/// A connection between two runtimes.
pub enum Detached {
    Tcp(std::net::TcpStream),
    Local(std::os::unix::net::UnixStream),
}

impl Detached {
    pub fn tcp(stream: TcpStream) -> io::Result<Self> {
        // A frame is to leave at once.
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream.into_std()?))
    }

    pub fn local(stream: UnixStream) -> io::Result<Self> {
        Ok(Self::Local(stream.into_std()?))
    }

    /// Of the runtime that this is called on.
    pub fn attach(self) -> io::Result<Stream> {
        match self {
            Self::Tcp(stream) => Ok(Stream::Tcp(TcpStream::from_std(stream)?)),
            Self::Local(stream) => Ok(Stream::Local(UnixStream::from_std(stream)?)),
        }
    }
}

impl Stream {
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Tcp(stream) => stream.ready(interest).await,
            Self::Local(stream) => stream.ready(interest).await,
        }
    }

    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Local(stream) => stream.try_read(buffer),
        }
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Local(stream) => stream.try_write(bytes),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Local(stream) => stream.as_fd(),
        }
    }
}
