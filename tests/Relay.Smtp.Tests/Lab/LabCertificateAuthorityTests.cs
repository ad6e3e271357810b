using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Relay.Lab.Certificates;

namespace Relay.Smtp.Tests.Lab;

/// <summary>The lab's certificates are as bad as they say, and no worse.</summary>
public sealed class LabCertificateAuthorityTests : IDisposable
{
    private readonly LabCertificateAuthority _authority = new();

    public static TheoryData<string, X509ChainStatusFlags, SslPolicyErrors> Kinds => new()
    {
        { "good", X509ChainStatusFlags.NoError, SslPolicyErrors.None },
        { "wildcard", X509ChainStatusFlags.NoError, SslPolicyErrors.None },
        { "expired", X509ChainStatusFlags.NotTimeValid, SslPolicyErrors.RemoteCertificateChainErrors },
        { "not-yet-valid", X509ChainStatusFlags.NotTimeValid, SslPolicyErrors.RemoteCertificateChainErrors },
        { "wrong-name", X509ChainStatusFlags.NoError, SslPolicyErrors.RemoteCertificateNameMismatch },
        { "self-signed", X509ChainStatusFlags.UntrustedRoot, SslPolicyErrors.RemoteCertificateChainErrors },
        { "address", X509ChainStatusFlags.NoError, SslPolicyErrors.RemoteCertificateNameMismatch },
        { "no-intermediate", X509ChainStatusFlags.PartialChain, SslPolicyErrors.RemoteCertificateChainErrors },
        { "expired-issuer", X509ChainStatusFlags.NotTimeValid, SslPolicyErrors.RemoteCertificateChainErrors },
        { "client-usage", X509ChainStatusFlags.NotValidForUsage, SslPolicyErrors.RemoteCertificateChainErrors },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Certificate_OfEachKind_HasItsFaultAndNoOther(
        string kind, X509ChainStatusFlags expected, SslPolicyErrors expectedErrors)
    {
        using var certificate = Issue(kind);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var server = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var serverTls = new SslStream(server.GetStream());
        await using var clientTls = new SslStream(client.GetStream());
        var found = X509ChainStatusFlags.NoError;
        var errors = SslPolicyErrors.None;

        await Task.WhenAll(
            serverTls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Context },
                TestContext.Current.CancellationToken),
            clientTls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "mx.lab.test",
                    CertificateChainPolicy = PolicyWithRoot(),
                    RemoteCertificateValidationCallback = (_, _, chain, policyErrors) =>
                    {
                        errors = policyErrors;
                        found = chain!.ChainStatus.Aggregate(found, (flags, status) => flags | status.Status);
                        return true;
                    },
                },
                TestContext.Current.CancellationToken));

        Assert.Equal(expected, found);
        Assert.Equal(expectedErrors, errors);
    }

    [Fact]
    public void Pem_OfAnIssuedCertificate_LoadsBackWithItsKey()
    {
        using var certificate = _authority.Issue("mx.lab.test");
        using var loaded = X509Certificate2.CreateFromPem(certificate.ChainPem, certificate.KeyPem);
        using var root = X509Certificate2.CreateFromPem(_authority.RootPem);

        Assert.True(loaded.HasPrivateKey);
        Assert.Equal(_authority.Root.Thumbprint, root.Thumbprint);
        Assert.Equal(2, certificate.ChainPem.Split("BEGIN CERTIFICATE").Length - 1);
    }

    public void Dispose() => _authority.Dispose();

    private LabCertificate Issue(string kind) => kind switch
    {
        "good" => _authority.Issue("mx.lab.test"),
        "wildcard" => _authority.Issue("*.lab.test"),
        "expired" => _authority.IssueExpired("mx.lab.test"),
        "not-yet-valid" => _authority.IssueNotYetValid("mx.lab.test"),
        "wrong-name" => _authority.IssueWrongName(),
        "self-signed" => _authority.IssueSelfSigned("mx.lab.test"),
        "address" => _authority.IssueForAddresses(IPAddress.Loopback),
        "no-intermediate" => _authority.IssueWithoutIntermediate("mx.lab.test"),
        "expired-issuer" => _authority.IssueUnderExpiredIssuer("mx.lab.test"),
        _ => _authority.IssueForClients("mx.lab.test"),
    };

    private X509ChainPolicy PolicyWithRoot() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _authority.Root },
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        ApplicationPolicy = { new("1.3.6.1.5.5.7.3.1") },
    };
}
