using Microsoft.Extensions.Logging.Abstractions;
using Relay.Dns.Servers;

namespace Relay.Dns.Tests.Servers;

public sealed class SystemServersTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-dns-").FullName;

    private string Path => System.IO.Path.Combine(_directory, "resolv.conf");

    [Theory] // resolv.conf(5)
    [InlineData("nameserver 192.0.2.53", "192.0.2.53:53")]
    [InlineData("# generated\nsearch example.net\nnameserver\t192.0.2.53\nnameserver 2001:db8::53 \r\noptions edns0", "192.0.2.53:53 [2001:db8::53]:53")]
    [InlineData("nameserver 192.0.2.53 # the first\nnameserver 192.0.2.54;second", "192.0.2.53:53 192.0.2.54:53")]
    [InlineData("#nameserver 192.0.2.53\n;nameserver 192.0.2.53\nnameserver192.0.2.53\nnameserver dns.example\nnameserver\n", "")]
    [InlineData("", "")]
    public void Parse_ResolvConf_GivesItsNameServers(string text, string expected)
    {
        Assert.Equal(expected, string.Join(' ', ResolvConf.Parse(text)));
    }

    [Fact]
    public void Current_FileChanges_IsReadAgain()
    {
        var system = new SystemServers(NullLogger<SystemServers>.Instance, Path);
        Assert.Equal("127.0.0.1:53", string.Join(' ', system.Current));

        File.WriteAllText(Path, "nameserver 192.0.2.53\n");
        var first = system.Current;
        Assert.Equal("192.0.2.53:53", string.Join(' ', first));
        Assert.Same(first, system.Current);

        File.WriteAllText(Path, "nameserver 192.0.2.53\nnameserver 192.0.2.54\n");
        Assert.Equal("192.0.2.53:53 192.0.2.54:53", string.Join(' ', system.Current));
    }

    [Fact]
    public void Current_FileGone_KeepsTheServersKnown()
    {
        var system = new SystemServers(NullLogger<SystemServers>.Instance, Path);
        File.WriteAllText(Path, "nameserver 192.0.2.53\n");
        Assert.Single(system.Current);

        File.Delete(Path);

        Assert.Equal("192.0.2.53:53", string.Join(' ', system.Current));
    }

    [Fact] // resolv.conf(5): the name server on the local machine.
    public void Current_FileNamesNoServer_IsThisMachine()
    {
        File.WriteAllText(Path, "search example.net\n");

        Assert.Equal("127.0.0.1:53", string.Join(' ', new SystemServers(NullLogger<SystemServers>.Instance, Path).Current));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
