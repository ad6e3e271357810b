using Microsoft.Extensions.Configuration;
using Relay.Configuration;
using Relay.Logging;

namespace Relay.Tests.Configuration;

public sealed class SettingsSchemaTests
{
    private static readonly SettingsSchema Schema =
        new([(RelayOptions.Section, typeof(RelayOptions)), (LogOptions.Section, typeof(LogOptions))]);

    [Theory]
    [InlineData("Relay:HostNmae", "x", "Relay:HostNmae: unknown key; did you mean HostName?")]
    [InlineData("Rely:HostName", "x", "Rely: unknown key; did you mean Relay?")]
    [InlineData("Relay:Listeners:0:Tls", "Sometimes", "Relay:Listeners:0:Tls: \"Sometimes\" is not one of None, StartTls, Implicit")]
    [InlineData("Relay:Listeners:0:Tls", "7", "Relay:Listeners:0:Tls: \"7\" is not one of None, StartTls, Implicit")]
    [InlineData("Relay:Listeners:first:Tls", "None", "Relay:Listeners:first: \"first\" is not a position in a list; number the entries from 0")]
    [InlineData("Relay:MaxRecipients", "many", "Relay:MaxRecipients: \"many\" is not a whole number in range")]
    [InlineData("Relay:MaxRecipients", "99999999999", "Relay:MaxRecipients: \"99999999999\" is not a whole number in range")]
    [InlineData("Relay:HostName:X", "y", "Relay:HostName: a list or an object stands where text is expected")]
    [InlineData("Relay:TrustedNetworks", "127.0.0.1", "Relay:TrustedNetworks: \"127.0.0.1\" stands where a list is expected; write [ … ], or Relay:TrustedNetworks:0")]
    public void Check_Fault_NamesKeyValueAndRemedy(string key, string value, string expected) =>
        Assert.Equal([expected], Check((key, value)));

    [Theory] // Found by fuzzing: an empty object, or null, became a null in the options
    [InlineData("Relay:DataDirectory", "Relay:DataDirectory: it has no value; write text, or leave the key out")]
    [InlineData("Relay:Listeners:0:Address", "Relay:Listeners:0:Address: it has no value; write text, or leave the key out")]
    [InlineData("Relay:MaxRecipients", "Relay:MaxRecipients: it has no value; write a whole number in range, or leave the key out")]
    public void Check_KeyWithoutValue_IsNamed(string key, string expected) => Assert.Equal([expected], Check((key, null)));

    [Fact]
    public void Check_GoodSettings_FindsNothing() => Assert.Empty(Check(
        ("Relay:HostName", "relay.example"),
        ("Relay:Listeners:0:Address", "127.0.0.1:0"),
        ("Relay:Listeners:0:Submission", "false"),
        ("relay:trustednetworks:0", "::1"),
        ("Logging:Format", "json")));

    [Theory]
    [InlineData("Relay:Listeners:0:Address", "example.com", "Relay:Listeners:0:Address: \"example.com\" is not an address with a port")]
    [InlineData("Relay:HostName", "not a name", "Relay:HostName: \"not a name\" is not a host name")]
    [InlineData("Relay:TrustedNetworks:0", "192.0.2.1/33", "Relay:TrustedNetworks:0: \"192.0.2.1/33\" is not a network")]
    [InlineData("Relay:Listeners:0:Tls", "Implicit", "Relay:Listeners:0:Tls: \"Implicit\" needs a certificate")]
    [InlineData("Relay:Certificate:KeyFile", "/nowhere", "Relay:Certificate:CertificateFile: it is not set")]
    [InlineData("Relay:MaxRecipients", "99", "Relay:MaxRecipients: 99 is too small")]
    [InlineData("Relay:Postmaster", "nobody", "Relay:Postmaster: \"nobody\" is not a mailbox")]
    public void Validate_Fault_NamesKeyAndValue(string key, string value, string expected)
    {
        var options = Configuration((key, value)).GetSection(RelayOptions.Section).Get<RelayOptions>()!;
        var result = new RelayOptionsValidator().Validate(null, options);
        Assert.StartsWith(expected, Assert.Single(result.Failures!), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Check(params (string Key, string? Value)[] settings) => Schema.Check(Configuration(settings));

    private static IConfigurationRoot Configuration(params (string Key, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value)))
        .Build();
}
