using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Hosting;

namespace Relay.Fuzz.Tests.Program;

/// <summary>The configuration file, and behind it what the command line sets.</summary>
public sealed class ConfigurationFuzzTests : IDisposable
{
    // Between the file and the settings.
    private const byte Separator = 0xFE;

    private static readonly Gen<byte[]> Value = Grammar.Either(
        ["1", "true", "\"x\"", "\"00:05:00\"", "\"127.0.0.1:0\"", "[]", "{}", "null", "\"relay.example.com\"", "[\"::1/128\"]", "[{}]", "0"],
        ["\"\"", "-1", "1e99", "99999999999999999999", "[null]", "[[]]", "{\"0\": 1}", "\"1.2.3.4.5\"", "\"0x10\"", "[{\"Tls\": null}]", "{\"x\": {\"y\": []}}", "\"\\u0000\"", "\"\\uD800\"", "tru", "\"Implicit\""]);

    private static readonly Gen<byte[]> Key = Grammar.Either(
        [
            "HostName", "DataDirectory", "Listeners", "Certificate", "TrustedNetworks", "Postmaster", "MaxMessageBytes", "MaxRecipients", "Routes", "Servers", "RetryTimes", "Enabled", "Contact", "From", "Dkim",
            "Level", "Format", "Overrides", "SocketPath", "Port", "hostname",
        ],
        ["", ":", "a:b", "0", "Listeners:0:Address", "Listeners:0:Tls", "__", "HostNmae", "\\u0000"]);

    private static readonly Gen<byte[]> Section = Grammar.Row(
        Grammar.Either(["\"Relay\": ", "\"Queue\": ", "\"Store\": ", "\"Dns\": ", "\"Delivery\": ", "\"MtaSts\": ", "\"TlsRpt\": ", "\"Admin\": ", "\"Logging\": "], ["\"relay\": ", "\"Rely\": ", "\"\": ", "\"Relay:Listeners\": "]),
        Gen.Frequency((6, Grammar.Row(Grammar.Of("{"), Grammar.Times(0, 2, Grammar.Row(Grammar.Of("\""), Key, Grammar.Of("\": "), Value, Grammar.Of(","))), Grammar.Of("}"))), (1, Value)),
        Grammar.Either([","], ["", ",,", ";"]));

    private static readonly Gen<byte[]> Setting = Grammar.Row(
        Grammar.Either(["--Relay:", "--Dns:", "--MtaSts:"], ["--", "-", "/", "Relay:", ""]), Key, Grammar.Either(["=", "\n"], ["==", ""]), Grammar.Of("1", "x", "00:01:00", "", "127.0.0.1:0"), Grammar.Of("\n"));

    private static readonly Gen<byte[]> Cases = Grammar.Row(
        Grammar.Either(["{"], ["", "[", "\u00EF\u00BB\u00BF{"]), Grammar.Times(0, 4, Section), Grammar.Either(["}"], ["", "}}"]), Gen.Frequency((3, Grammar.Of("")), (1, Grammar.Row(Grammar.Of("\u00FE"), Grammar.Times(1, 3, Setting)))));

    private static readonly string[] Texts =
    [
        "{}", "", "[]", "null", "{\"Relay\": {\"HostName\": \"relay.example.com\", \"Listeners\": [{\"Address\": \"127.0.0.1:2525\", \"Tls\": \"StartTls\"}]}}", "{\"Relay\": {\"Certificate\": null}}",
        "{\"Relay\": {\"Listeners\": [null]}}", "{\"Relay\": {\"DataDirectory\": {}}}", "{\"Relay\": {\"Listeners\": [{\"Address\": {}}]}}", "{\"Relay\": {\"TrustedNetworks\": [null, \"::1\"]}}", "{\"Relay\": {}, \"relay\": {}}", "{\"Relay\": {\"MaxRecipients\": 1000, \"MaxRecipients\": 1001}}",
        "{\"MtaSts\": {\"Overrides\": {}}} // comment", "{\"Relay\": {\"Routes\": [{\"Domain\": \"*\", \"NextHop\": \"[192.0.2.1]\"}]}}\u00FE--Relay:HostName=x\n--Dns:Servers:0\n127.0.0.1",
    ];

    private static readonly string[] Words = ["null", "{}", "[]", "\"\"", "\"Relay\": ", ":", ",", "\u00FE--Relay:", "\"0\": ", "\\u0000", "true", "-1", "\"Listeners\": [null]"];

    private readonly string _file = Path.GetTempFileName();

    [Fact] // whatever is configured: faults by name, or options that can be used
    public void Check_AnyFileAndSettings_NamesFaultsAndNeverFails() => FuzzRun.Of(new FuzzTarget(
        "configuration",
        [
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "config", "relay.json")),
            .. Texts.Select(Grammar.Octets),
        ],
        Cases,
        Read)
    {
        Tokens = [.. Words.Select(Grammar.Octets)],
        Allocation = 16 * 1024 * 1024,
    });

    public void Dispose() => File.Delete(_file);

    private Reading Read(byte[] octets)
    {
        var end = octets.AsSpan().IndexOf(Separator);
        File.WriteAllBytes(_file, end < 0 ? octets : octets[..end]);
        var settings = end < 0 ? [] : Encoding.UTF8.GetString(octets.AsSpan(end + 1)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var builder = new ConfigurationBuilder();
        var faults = ConfigurationSources.AddTo(builder, _file, settings).ToList();
        if (faults.Count == 0)
        {
            faults.AddRange(Check(builder.Build()));
        }

        return new Reading(faults.Count == 0, () => Assert.All(faults, fault => Assert.NotEmpty(fault)));
    }

    private static IReadOnlyList<string> Check(IConfigurationRoot configuration)
    {
        var collection = new ServiceCollection();
        RelayApplication.AddServices(collection, configuration, RelayApplication.Plugins);
        if (SettingsCheck.CheckForm(collection, configuration) is { Count: > 0 } malformed)
        {
            return malformed;
        }

        collection.AddSingleton<IConfiguration>(configuration);
        using var services = collection.BuildServiceProvider();
        var faults = SettingsCheck.CheckValues(services);
        if (faults.Count == 0)
        {
            // What has no fault can be used.
            var options = services.GetRequiredService<IOptions<RelayOptions>>().Value;
            Assert.All(options.Listeners ?? [], listener => Assert.True(listener.TryGetEndPoint(out _)));
            Assert.NotNull(TrustedNetworks.From(options));
            Assert.NotEmpty(PostmasterAddress.From(options).Domain);
        }

        return faults;
    }
}
