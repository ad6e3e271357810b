using System.Net;
using System.Text;
using Relay.Submission;

namespace Relay.TestKit;

/// <summary>A relay with a certificate and accounts, that trusts no network but 127.0.0.2, in a lab Internet.</summary>
internal sealed class SubmissionLab : IAsyncDisposable
{
    public const string Message = "Date: x\r\nMessage-ID: <1@client.test>\r\n\r\nbody\r\n";

    public LabInternet Internet { get; } = new();

    public string AccountsPath => Path.Combine(Internet.DataDirectory, "accounts");

    /// <summary>The listeners as an organisation has them: port 25, 587 and 465.</summary>
    public static IReadOnlyList<(string Key, string Value)> ThreeListeners =>
    [
        ("Relay:Listeners:0:Submission", "false"),
        ("Relay:Listeners:1:Address", "127.0.0.1:0"), ("Relay:Listeners:1:RequireAuth", "true"),
        ("Relay:Listeners:2:Address", "127.0.0.1:0"), ("Relay:Listeners:2:RequireAuth", "true"),
        ("Relay:Listeners:2:Tls", "Implicit"),
    ];

    /// <summary>Adds an account whose password is quickly checked.</summary>
    public void AddAccount(string name, string password) => Assert.Null(AccountsFile.Change(AccountsPath, accounts =>
    {
        accounts[name] = PasswordHash.Of(Encoding.UTF8.GetBytes(password), iterations: 1_000);
        return null;
    }));

    public Task<RelayUnderTest> StartRelayAsync(params (string Key, string Value)[] settings) =>
        StartRelayAsync(TimeProvider.System, settings);

    public Task<RelayUnderTest> StartRelayAsync(TimeProvider clock, params (string Key, string Value)[] settings)
    {
        var certificate = Path.Combine(Internet.DataDirectory, "relay.pem");
        var key = Path.Combine(Internet.DataDirectory, "relay.key");
        Internet.Authority.Issue("relay.test").WritePem(certificate, key);
        return Internet.StartRelayAsync(
            clock,
            [
                ("Relay:TrustedNetworks:0", "127.0.0.2/32"),
                ("Relay:Certificate:CertificateFile", certificate),
                ("Relay:Certificate:KeyFile", key),
                .. settings,
            ]);
    }

    /// <summary>A session inside TLS, EHLO said, whichever way the listener has it, from an address of the test's choice.</summary>
    public static async Task<SmtpTalk> OpenTlsAsync(
        IPEndPoint listener, bool isImplicit, CancellationToken cancellationToken, string? from = null)
    {
        var address = from is null ? null : IPAddress.Parse(from);
        if (!isImplicit)
        {
            var clear = await SmtpTalk.OpenAsync(listener, cancellationToken, address);
            await clear.StartTlsAsync(cancellationToken);
            return clear;
        }

        var talk = await SmtpTalk.ConnectAsync(listener, cancellationToken, address);
        await talk.SecureAsync(cancellationToken);
        Assert.StartsWith("220", await talk.ReadReplyAsync(cancellationToken), StringComparison.Ordinal);
        await talk.SayAsync("EHLO client.test", "250", cancellationToken);
        return talk;
    }

    public static string Plain(string user, string password, string authorizationId = "") =>
        $"AUTH PLAIN {Base64($"{authorizationId}\0{user}\0{password}")}";

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public ValueTask DisposeAsync() => Internet.DisposeAsync();
}
