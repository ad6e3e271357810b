using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Relay.Tls.Tests;

/// <summary>The hello as it goes over the wire.</summary>
public class TlsOfferTests
{
    private const TlsCipherSuite Renegotiation = (TlsCipherSuite)0x00FF; // RFC 5746 §3.3: a signal, no suite

    [Fact] // RFC 9325 §4.1, §4.2
    public async Task Hello_OfTheSoundOffer_HasForwardSecretSuitesAlone()
    {
        var suites = await SuitesAsync(TlsOffer.Sound);

        Assert.All(suites, suite => Assert.Matches("^TLS_(AES|CHACHA20|ECDHE_(ECDSA|RSA)_WITH_(AES|CHACHA20))_", suite.ToString()));
        Assert.Equal(17, suites.Count);
        Assert.Contains(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, suites);
    }

    [Theory] // RFC 7435 §3
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hello_OfTheLenientOffer_AddsAesWithOtherKeyExchangesAtItsEnd(bool allowTls10)
    {
        var sound = await SuitesAsync(TlsOffer.Sound);
        var suites = await SuitesAsync(TlsOffer.Lenient(allowTls10));

        Assert.Equal(sound, suites.Take(sound.Count));
        Assert.All(suites.Skip(sound.Count), suite => Assert.Matches("^TLS_(RSA|DHE_RSA)_WITH_AES_", suite.ToString()));
        Assert.Equal(12, suites.Count - sound.Count);
    }

    // What follows is RFC 5246 §6.2.1, §7.4.1.2: record, handshake, version, random, session, suites.
    private static async Task<List<TlsCipherSuite>> SuitesAsync(TlsOffer offer)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancellation);
        using var server = await listener.AcceptTcpClientAsync(cancellation);
        await using var tls = new SslStream(client.GetStream());
        var options = new SslClientAuthenticationOptions { TargetHost = "mx.a.test" };
        offer.ApplyTo(options);
        var handshake = tls.AuthenticateAsClientAsync(options, cancellation);

        var header = new byte[5];
        await server.GetStream().ReadExactlyAsync(header, cancellation);
        var record = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3))];
        await server.GetStream().ReadExactlyAsync(record, cancellation);
        server.Close();
        await Assert.ThrowsAnyAsync<Exception>(() => handshake);

        var at = 4 + 2 + 32;
        at += 1 + record[at];
        var length = BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(at));
        return [.. Enumerable.Range(0, length / 2)
            .Select(i => (TlsCipherSuite)BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(at + 2 + (2 * i))))
            .Where(suite => suite != Renegotiation)];
    }
}
