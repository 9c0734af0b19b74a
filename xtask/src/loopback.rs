//! Connections that come from an address of this machine's choosing: an attack from a hundred addresses needs them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// Connects from one address of 127.0.0.0/8, all of which belong to this machine.
#[derive(Debug)]
pub(crate) struct FromAddress(pub(crate) Ipv4Addr);

/// A plain connection.
#[derive(Debug)]
pub(crate) struct Plain {
    stream: TcpStream,
    buffers: LazyBuffers,
}

impl Connector for FromAddress {
    type Out = Plain;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(to) = details.addrs.iter().find(|address| address.is_ipv4()) else {
            return Err(Error::HostNotFound);
        };
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        // A thousand connections a second must not use up the ports.
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((self.0, 0)).into())?;
        socket.connect(&(*to).into())?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Plain { stream, buffers }))
    }
}

impl Transport for Plain {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_write_timeout(limit(timeout))?;
        let sent = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream
            .write_all(sent)
            .map_err(|error| told(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.set_read_timeout(limit(timeout))?;
        let count = self
            .stream
            .read(self.buffers.input_append_buf())
            .map_err(|error| told(error, timeout))?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        // Each of these clients asks a few times and is gone: none of its connections is used again when in doubt.
        false
    }
}

fn limit(timeout: NextTimeout) -> Option<Duration> {
    timeout.not_zero().map(|limit| *limit)
}

fn told(error: std::io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_server_sees_the_address_that_was_chosen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, from) = listener.accept().unwrap();
            let mut asked = [0_u8; 1024];
            let count = stream.read(&mut asked).unwrap();
            assert!(asked[..count].starts_with(b"GET /a "));
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .unwrap();
            from.ip()
        });
        let agent = ureq::Agent::with_parts(
            ureq::Agent::config_builder().build(),
            FromAddress(Ipv4Addr::new(127, 0, 7, 9)),
            ureq::unversioned::resolver::DefaultResolver::default(),
        );
        let mut answer = agent
            .get(format!("http://127.0.0.1:{port}/a"))
            .call()
            .unwrap();
        assert_eq!(answer.body_mut().read_to_string().unwrap(), "ok");
        assert_eq!(server.join().unwrap(), Ipv4Addr::new(127, 0, 7, 9));
    }
}
