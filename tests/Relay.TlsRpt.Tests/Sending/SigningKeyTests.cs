using System.Security.Cryptography;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Tests.Sending;

public sealed class SigningKeyTests : IDisposable
{
    private readonly SigningLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Save_NewFile_IsForItsOwnerAlone() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_lab.KeyFile));

    [Fact]
    public void Save_OverAFile_LeavesItAsItWas()
    {
        var before = File.ReadAllText(_lab.KeyFile);

        Assert.Throws<IOException>(() => SigningKey.Create().Save(_lab.KeyFile));
        Assert.Equal(before, File.ReadAllText(_lab.KeyFile));
    }

    [Fact] // RPT-44, RFC 6376 §3.6.1, §3.6.2.2
    public void Records_OfAKey_SuitOrdinaryVerifiersAndThoseOfReports()
    {
        Assert.Equal(2, _lab.Records.Count);
        Assert.StartsWith("rpt1._domainkey.relay.test. 3600 IN TXT ( \"v=DKIM1; k=rsa; p=", _lab.Records[0], StringComparison.Ordinal);
        Assert.StartsWith("rpt1-tlsrpt._domainkey.relay.test. 3600 IN TXT ( \"v=DKIM1; k=rsa; s=tlsrpt; p=", _lab.Records[1], StringComparison.Ordinal);
        Assert.All(_lab.Records, record => Assert.All(record.Split('"').Where((_, index) => index % 2 == 1), part => Assert.True(part.Length <= 255)));
    }

    [Theory]
    [InlineData(0b110_100_000, "mode 0640")]
    [InlineData(0b110_000_100, "mode 0604")]
    [InlineData(0b110_010_000, "mode 0620")]
    public void Validator_KeyOthersCanReach_IsRefusedWithTheRemedy(int mode, string word)
    {
        File.SetUnixFileMode(_lab.KeyFile, (UnixFileMode)mode);

        var fault = Assert.Single(Faults(_lab.Settings));
        Assert.Contains("TlsRpt:Dkim:KeyFile: ", fault, StringComparison.Ordinal);
        Assert.Contains(word, fault, StringComparison.Ordinal);
        Assert.Contains($"chmod 600 {_lab.KeyFile}", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Validator_FilesThatHoldNoKey_AreRefused()
    {
        using var elliptic = ECDsa.Create();
        using var rsa = RSA.Create(2048);
        foreach (var content in (string[])["", "no key", rsa.ExportRSAPublicKeyPem(), elliptic.ExportPkcs8PrivateKeyPem(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
        {
            File.WriteAllText(_lab.KeyFile, content);
            Assert.Contains("holds no private RSA key", Assert.Single(Faults(_lab.Settings)), StringComparison.Ordinal);
        }

        File.Delete(_lab.KeyFile);
        Assert.Contains("cannot be read", Assert.Single(Faults(_lab.Settings)), StringComparison.Ordinal);
    }

    [Fact]
    public void Validator_GoodSettings_HasNothingToSay()
    {
        Assert.Empty(Faults(_lab.Settings));
        Assert.Empty(Faults(new TlsRptOptions()));
    }

    [Theory]
    [InlineData(null, "key", "TlsRpt:Dkim:Selector: missing")]
    [InlineData("rpt1", null, "TlsRpt:Dkim:KeyFile: missing")]
    [InlineData("a b", "key", "TlsRpt:Dkim:Selector: \"a b\" is no selector")]
    public void Validator_HalfOfTheSettings_NamesWhatIsMissing(string? selector, string? key, string expected)
    {
        var faults = Faults(new TlsRptOptions { Dkim = new() { Selector = selector, KeyFile = key is null ? null : _lab.KeyFile } });
        Assert.StartsWith(expected, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact] // RPT-41, RFC 8460 §3: the reporting domain's own signature
    public void Validator_SignatureOfAnotherDomain_IsRefused()
    {
        var options = new TlsRptOptions
        {
            Contact = "tls@other.test",
            Dkim = new() { Domain = "relay.test", Selector = SigningLab.Selector, KeyFile = _lab.KeyFile },
        };
        Assert.StartsWith("TlsRpt:Dkim:Domain: \"relay.test\" is not the domain of TlsRpt:Contact", Assert.Single(Faults(options)), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Faults(TlsRptOptions options) =>
        [.. new DkimOptionsValidator().Validate(null, options).Failures ?? []];
}
